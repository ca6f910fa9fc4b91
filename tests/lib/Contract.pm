# SPDX-License-Identifier: MIT
#
# The frame of the tests of the contract: each case of tests/probes/rules breaks one rule in one line,
# and this says whether the port reported that, and nothing else, and whether it went on.
#
# To add a case for a rule:
#
#   1. Write it in the family's file in tests/probes/rules (irb.c for IRB-02), and its row in the table
#      at that file's end: name, where it steps in (tests/probes/base/base.h lists the occasions), and
#      at which of them. A new file's table goes into cases.h and cases.c.
#
#          CASE irb_pending(struct occasion *at)
#          {
#              at->irb->IrbStatus = IRB_STATUS_PENDING;
#              AtaPortCompleteRequest(at->channel, at->irb); /* BREAKS: IRB-02 */
#              return TRUE; /* the base does not complete it, too */
#          }
#          ...
#          {"irb_pending", AT_COMPLETE, 2, irb_pending},
#
#      Exactly one line breaks a rule, and is marked so (tests/lib/Reports.pm has the form). What the
#      broken call returns goes to probe_returned(). A rule that is judged when a routine returns is
#      reported at that routine: in tests/probes/base, where it is marked.
#   2. Write what is expected in the family's test, tests/boot/contract-irb.t:
#
#          contract_cases('irb',
#              { case => 'irb_pending', rule => 'IRB-02', routine => 'AtaPortCompleteRequest',
#                context => 'IdeHwInterrupt' },
#          );
#
# A row may have
#   returned => '0'        what the broken call gave back, in hexadecimal digits
#   channel => '0.1'       the CD-ROM's channel (default: 0.0, the disk's)
#   values => '"DmaAllowed"=dword:00000000'   further values of the channels' keys
#   words => { KARGS => 'dump=1' }            further words for run-qemu.sh
#                          rows with the same values and words share a boot, but for those whose reports
#                          name the same place: it is reported once in a run
#   io => 'flush 0'        commands after the start of the channel, before the disk or CD is read as a whole
#   fails => 1             some command may fail while the rule is broken; the check of the data comes after
#   stops => 1             the channel does not start: the other one is read instead, and it is tried again
#                          without the case
#   also => qr/.../        the console has this, too, in the case's part
#   log => qr/.../         and so does the log of the whole boot
#   function => 'ProbeControl'   the function that the report names, where it is not the case's; several
#                          are separated by |
#   routine => [...]       several are called, each once: there is a report for each, in this order
#   then => [[rule, routine, context], ...]   what is reported after that
#   asserts => 'TAG-02'    instead of rule, routine and context: no rule is broken; the rule binds the
#                          port, and the case looks whether it keeps it
#   named => 1             the case needs a boot of its own, and an image of its name (base.h says why)
#   refused => 1           of these: the driver is not loaded; what pata drives is read instead
#
# contract_cases(family, rows) boots one guest for all rows but the named ones, which have one each. For
# each row the channel (or the controller, where the case is one of AtaChannelInitRoutine) is started, read as a
# whole, twice, and stopped. Checked are: exactly one report,
# where, and in which routine and context; what was returned; and that the data is the image's.
package Contract;

use strict;
use warnings;
use parent 'Exporter';
use Ataport;
use Reports;
use Test::More;

our @EXPORT = qw(contract_cases);

my $arch = $ENV{ARCH} // 'x86_64';
our $probes = "build/$arch/probes";
my $services = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services';
my @channels = ('0.0', '0.1');
my %disks = ('0.0' => '0', '0.1' => 'cd0');

# ------------------------------------------------------------------ reports

my $marks = marks(glob 'tests/probes/{base,rules}/*.c');

sub told {
    my ($rule, $routine, $context) = @_;
    return "$rule $routine in $context\n";
}

# What is expected of a row: a report for each routine, in their order.
sub expected_of {
    my ($row) = @_;
    return '' if !$row->{rule};
    my @routines = ref $row->{routine} ? @{ $row->{routine} } : $row->{routine};
    return join '', (map { told($row->{rule}, $_, $row->{context}) } @routines), map { told(@$_) } @{ $row->{then} // [] };
}

# What is wrong with a report's place: a case's function has its name, or one that begins with it.
sub fault_of {
    my ($row, $report, $driver) = @_;
    my $function = $row->{function} ? qr/^(?:$row->{function})$/ : qr/^\Q$row->{case}\E(?:_|$)/;
    return "not in $driver.sys: $report->{text}" if $report->{driver} ne "$driver.sys";
    return "not in the case's function: $report->{text}" if ($report->{function} // '') !~ $function;
    return "not in a line that is marked: $report->{text}" if !is_marked($marks, $report);
    return;
}

sub row_is {
    my ($row, $console, $log, $driver) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @reports = reports($console);
    my $what = $row->{rule} ? "$row->{case}: is reported" : "$row->{case}: no rule is broken";
    is(join('', map { told(@{$_}{qw(id routine context)}) } @reports), expected_of($row), $what);
    is(join('', map { fault_of($row, $_, $driver) } @reports), '', "$row->{case}: where it is") if $row->{rule};
    my ($returned) = $log =~ /^\w+\[0\]: case \Q$row->{case}\E: returned (\w+)$/m;
    is($returned // 'nothing', $row->{returned} // 'nothing', "$row->{case}: what was returned");
    like($console, $row->{also}, "$row->{case}: what else is said") if $row->{also};
    like($log, $row->{log}, "$row->{case}: what the log says") if $row->{log};
    return;
}

# ------------------------------------------------------------------ boots

my %digests;

sub images {
    my $disk = random_image('disk.img', 512 << 10, 1);
    my $cd = random_image('cd.iso', 256 << 10, 2);
    %digests = ('0.0' => sha256_of($disk), '0.1' => sha256_of($cd));
    return (DISK => $disk, CDROM => $cd);
}

sub channel_of {
    my ($row) = @_;
    return $row->{channel} // '0.0';
}

sub other_channel {
    my ($row) = @_;
    return $channels[channel_of($row) eq $channels[0] ? 1 : 0];
}

# The commands of a case; `rules` ends its part of the console. The controller is started and both channels are stopped
# before. AtaChannelInitRoutine is called when the controller starts, so a case of it stops that, and once more to be
# rid of what the case has put into the interface.
my @restart = ('stop 0', 'start 0');

sub commands_of {
    my ($row) = @_;
    my $channel = channel_of($row);
    my $read = "sha256 $disks{$channel}";
    my $other = other_channel($row);
    return (@restart, "sha256 $disks{$other}", @restart, "stop $other", $read, "stop $channel", 'rules') if $row->{stops};
    my @io = ($row->{io} // (), $read, $read, "stop $channel");
    return (@restart, "stop $other", @io, @restart, (map { "stop $_" } @channels), 'rules') if $row->{is_init};
    return ("start $channel", @io, 'rules');
}

# What each start of each channel breaks: the first one, at boot, nothing.
sub hive_of {
    my (@rows) = @_;
    my %words = map { $_ => '-' } @channels;
    for my $row (@rows) {
        my $is_init = $row->{is_init} || $row->{stops};
        $words{ channel_of($row) } .= " $row->{case}" . ($is_init ? ' -' : '');
        $words{ other_channel($row) } .= ' - -' if $is_init;
    }
    my $values = $rows[0]{values} // '';
    return join "\n", 'Windows Registry Editor Version 5.00', map {
        ('', "[$services\\rules\\Controller0\\Channel" . substr($_, 2) . ']', "\"Break\"=\"$words{$_}\"", $values)
    } @channels;
}

sub data_is {
    my ($row, $console) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @wanted = $row->{stops} ? (other_channel($row), channel_of($row)) : (channel_of($row)) x 2;
    my @found = $console =~ /^([0-9a-f]{64})  /mg;
    shift @wanted if $row->{fails} && @found == 1;
    is_deeply(\@found, [map { $digests{$_} } @wanted], "$row->{case}: data is right after it");
    return;
}

sub boot_rows {
    my (@rows) = @_;
    my $run = boot(images(), %{ $rows[0]{words} // {} }, MINIPORT => "$probes/rules.sys", HIVE => spill("$scratch/hive.reg", hive_of(@rows)),
        TIMEOUT => 240, CMD => join '; ', 'stop 0.0', 'stop 0.1', 'rules', map { commands_of($_) } @rows);
    my ($before, @consoles) = split /^> rules$/m, $run->{console};
    my ($log_before, @logs) = split /^> rules$/m, $run->{log};
    my $may_fail = grep { $_->{fails} || $_->{stops} } @rows;
    ok($run->{code} == 0 || $may_fail && $run->{code} == 1, 'the guest ends well')
        or diag("run-qemu.sh ended with $run->{code}");
    is(@consoles, @rows + 1, 'every case was tried');
    is(join('', map { $_->{text} } reports($before)), '', 'without a case no rule is broken');
    for my $index (0 .. $#rows) {
        my $console = $consoles[$index] // '';
        row_is($rows[$index], $console, $logs[$index] // '', 'rules');
        data_is($rows[$index], $console);
    }
    my (%expected, %counted);
    $expected{ $_->{rule} } += ref $_->{routine} ? @{ $_->{routine} } : 1 for grep { $_->{rule} } @rows;
    $expected{ $_->[0] }++ for map { @{ $_->{then} // [] } } @rows;
    %counted = ($consoles[-1] // '') =~ /^([A-Z]{3}-\d\d) +(\d+) times?  /mg;
    is_deeply(\%counted, \%expected, 'each was broken once');
    return;
}

# An image of the case's name, bound to the IDE controller, or to nothing where it is to be refused.
sub boot_named {
    my ($row) = @_;
    my $name = $row->{case};
    my $binding = $row->{refused} ? '' : <<"END";
[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\CriticalDeviceDatabase\\PCI#VEN_8086&DEV_7010]
"Service"="$name"
END
    spill("$scratch/$name.$_", slurp("$probes/rules.$_")) for qw(sys lines);
    spill("$scratch/$name.reg", "Windows Registry Editor Version 5.00\n\n$binding");
    my $run = boot(images(), %{ $row->{words} // {} }, MINIPORT => "$scratch/$name.sys", HIVE => "$scratch/$name-hive.reg",
        CMD => join('; ', $row->{io} // (), 'sha256 0', 'sha256 cd0', 'devices'));
    ok($run->{code} == 0 || $row->{fails} && $run->{code} == 1, "$name: the guest ends well")
        or diag("run-qemu.sh ended with $run->{code}");
    row_is($row, $run->{console}, $run->{log}, $name);
    my @found = $run->{console} =~ /^([0-9a-f]{64})  /mg;
    is_deeply(\@found, [@digests{@channels}], "$name: data is right after it");
    my $driver = $row->{refused} ? 'pata' : $name;
    like($run->{console}, qr/^PCI 00:01\.1 8086:7010: $driver, channels 0\.0 0\.1/m, "$name: by $driver.sys");
    return;
}

# How many of the rows before have their report at the same place, which is not in the case: 0, 1 ...
{
    my %seen;

    sub turn_of {
        my ($row) = @_;
        return 0 if !$row->{rule} || !$row->{function};
        return $seen{"$row->{rule} $row->{function}"}++;
    }
}

# Every case of the family's file is expected here.
sub contract_cases {
    my ($family, @rows) = @_;
    my %at = slurp("tests/probes/rules/$family.c") =~ /^    \{"(\w+)", AT_(\w+)/mg;
    my @cases = keys %at;
    $_->{is_init} = ($at{ $_->{case} } // '') eq 'CHANNEL_INIT' for @rows;
    is(join(' ', sort map { $_->{case} } @rows), join(' ', sort @cases), "all cases of $family.c are tried");
    my %shared;
    push @{ $shared{ join "\n", turn_of($_), $_->{values} // '', %{ $_->{words} // {} } } }, $_ for grep { !$_->{named} } @rows;
    boot_rows(@{ $shared{$_} }) for sort keys %shared;
    boot_named($_) for grep { $_->{named} } @rows;
    return;
}

1;
