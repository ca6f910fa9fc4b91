#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The conformance suite, `make test MINIPORT=path`: pata as somebody's folder passes all of it, what
# `make new-miniport` writes passes what a driver that reads by PIO can do, and a driver with one defect
# fails the test that is about it, with a sentence that says what is wrong.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use JSON::PP ();
use Test::More;

my $arch = $ENV{ARCH} // 'x86_64';
my $place = tempdir('conformance-XXXXXX', TMPDIR => 1, CLEANUP => 1);

# Runs the suite on a driver, or those of its tests that have TEST in their names. REPORT: the report's folder, if one is
# wanted.
sub with_words {
    my ($words, @command) = @_;
    local @ENV{ qw(ARCH REPORT GITHUB_ACTIONS), keys %$words } = ($arch, '', '', values %$words);
    return command(@command);
}
sub make_test { return with_words({@_}, 'make', '--no-print-directory', 'test') }
sub suite { return with_words({@_}, 'tests/conformance/run.pl') }    # which that calls

# ------------------------------------------------------------------ the report

sub summary_in { my ($folder) = @_; return JSON::PP::decode_json(slurp("$folder/summary.json")) }

sub is_well_formed {
    my ($name, $path, @reader) = @_;
    SKIP: {
        skip "$name: $reader[0] is not installed", 1 if (command('sh', '-c', "command -v $reader[0]"))[0] != 0;
        skip "$name was left out", 1 if !-e $path;
        my ($status, $said) = command(@reader, $path);
        is("$status$said", '0', "$name: $reader[0] has nothing to say");
    }
    return;
}

# The report in a folder, of a suite that printed this. Returns the summary, and index.html.
sub check_report {
    my ($folder, $printed) = @_;
    my $summary = summary_in($folder);
    my ($passed, $failed) = $printed =~ /^(\d+) passed, (\d+) failed$/m;
    is_deeply([@{ $summary->{totals} }{qw(passed failed)}], [$passed, $failed], 'summary.json has the totals that were printed');
    my @checks = map { @{ $_->{checks} } } @{ $summary->{tests} };
    is(scalar(@checks), $passed + $failed, 'and each check');
    is(scalar(grep { !$_->{ok} } @checks), $failed, 'with its result');
    like($printed, qr/^run-qemu\.sh ended with $summary->{exit}{code}: .*; the report is \Q$folder\E\/index\.html$/m, 'and the code of the last line');
    is_well_formed('junit.xml', "$folder/junit.xml", qw(xmllint --noout));
    SKIP: {
        skip 'junit.xml was left out', 1 if $summary->{left_out}{'junit.xml'};
        my ($tests, $failures) = (0, 0);
        my $xml = slurp("$folder/junit.xml");
        ($tests, $failures) = ($tests + $1, $failures + $2) while $xml =~ /<testsuite\b(?=[^>]* tests="(\d+)")(?=[^>]* failures="(\d+)")/g;
        is("$tests, $failures", $passed + $failed . ", $failed", 'junit.xml has the same totals');
    }
    is_well_formed('index.html', "$folder/index.html", qw(tidy -q -e -utf8));
    my $html = slurp("$folder/index.html");
    unlike($html, qr/<script|(?:src|href)="(?!#|data:|coverage)/, 'index.html runs nothing, and asks nobody');
    like($html, qr/$passed passed.*$failed failed/s, 'and has the totals');
    return ($summary, $html);
}

# Of one of our drivers, by its whole suite.
sub check_coverage {
    my ($folder, $summary, $least) = @_;
    my $coverage = $summary->{coverage};
    SKIP: {
        skip "coverage: $coverage->{reason}", 4 if $coverage->{state} ne 'measured' && $coverage->{reason} =~ /takes no plugin/;
        is($coverage->{state}, 'measured', 'coverage was measured');
        my ($suite, $all) = @$coverage{qw(suite suite_and_sweep)};
        cmp_ok(100 * $suite->{ran}, '>=', $least * $suite->{lines}, "at least $least% of $suite->{lines} lines ran in the suite");
        cmp_ok($all->{ran}, '>', $suite->{ran}, 'more of them with the sweep');
        my (%ran, $file);
        for (split /\n/, slurp("$folder/coverage.info")) {
            $file = $1 if /^SF:(.*)/;
            $ran{"$file:$1"} += $2 if /^DA:(\d+),(\d+)/;
        }
        is(join(', ', scalar(keys %ran), scalar(grep { $_ } values %ran)), "$all->{lines}, $all->{ran}", 'coverage.info says the same');
    }
    return;
}

# ------------------------------------------------------------------ drivers that pass

mkdir "$place/conforming" or die;
copy($_, "$place/conforming") or die "$_: $!" for glob 'miniport/pata/*.[ch]';
spill("$place/conforming/conforming.reg", slurp('miniport/skeleton/skeleton.reg') =~ s/skeleton/conforming/gr);

# All of it is run for each of our drivers once.
my ($code, $output);
if ($arch eq 'i386') {
    ($code, $output) = make_test(MINIPORT => "build/$arch/ahci.sys", REPORT => "$place/report");
    is($code, 0, 'our driver for AHCI controllers passes') or diag($output);
    check_coverage("$place/report", (check_report("$place/report", $output))[0], 75);
    unlike($output, qr/^not tested: /m, 'and nothing is left out');
    ($code, $output) = suite(MINIPORT => "$place/conforming", TEST => 'read');
    is($code, 0, 'pata as a folder of somebody reads') or diag($output);

    # What a new driver passes, and what the author of one that fails is told, is the same for each ARCH.
    # (skeleton.t has the new driver.)
    done_testing();
    exit;
}
($code, $output) = make_test(MINIPORT => "$place/conforming", REPORT => "$place/report");
is($code, 0, 'pata as a folder of somebody passes') or diag($output);
check_coverage("$place/report", (check_report("$place/report", $output))[0], 70);
like($output, qr/^conforming on MACHINE=pc: /m, 'on the machine that is tried first');
unlike($output, qr/^not tested: /m, 'and nothing is left out');
like($output, qr/^(\d{3}) passed, 0 failed$/m, 'with one line at the end');
($code, $output) = suite(MINIPORT => "build/$arch/probes/ahci_probe.sys", TEST => 'write');
is($code, 0, 'and one of the tests\'') or diag($output);
like($output, qr/^ahci_probe on CONTROLLER=ahci MACHINE=pc: /m, 'on a machine that has one');

($code, $output) = command('make', 'new-miniport', 'NAME=mine', "DIR=$place");
is($code, 0, 'a new driver') or diag($output);
# (tutorial.t has the others for it; sweep and soak when it is finished.)
my %done = map { ($code, $output) = suite(MINIPORT => "$place/mine", TEST => $_); ($_ => [$code, $output]) } qw(stop timeout write packet dump);
is(join(' ', map { $done{$_}[0] } sort keys %done), '0 0 0 0 0', 'passes untouched') or diag(map { $_->[1] } values %done);
$output = join '', map { $_->[1] } values %done;
like($output, qr/^not tested: writes: the driver ends them with IRB_STATUS_INVALID_REQUEST$/m, 'it is said that it does not write');
like($output, qr/^not tested: packet commands: the driver uses no packet device$/m, 'that it has no CD');
like($output, qr/^not tested: dump mode: the driver refuses IdeModeDump$/m, 'and that it refuses dump mode');
($code, $output) = suite(MINIPORT => "build/$arch/external/mine.sys", MACHINE => 'isapc', TEST => 'read');
is($code, 0, 'a ready .sys file, on another machine') or diag($output);
like($output, qr/^mine on MACHINE=isapc: /m, 'which is said');

# ------------------------------------------------------------------ one defect each

my $source = slurp("$place/mine/mine.c");
my @defects = (    # what, test, change, what the author is told
    ['a byte of a long read is wrong', 'read',
        sub { s/(?<=channel->left -= SECTOR_BYTES;)/ if (channel->left == 50 * 512) channel->data[-3] ^= 4;/ },
        qr/^# read of \d+ sectors at \d+ to 0x\w+: byte 509 of sector \d+ is \w\w, not \w\w$/m],
    ['errors are taken for success', 'errors', sub { s/#define STATUS_FAILED .*/#define STATUS_FAILED 0/ },
        qr/Failed test 'a read of a bad sector ends with IRB_STATUS_DEVICE_ERROR/],
    ['a reset that ends no request', 'reset', sub { s/    AtaPortCompleteAllActiveRequests.*\n// },
        qr/^# RULE IRB-10 mine\.sys!HwReset mine\.c:\d+ /m],
    ['a Status that nobody drives is believed', 'sweep', sub { s/#define STATUS_FAILED .*/#define STATUS_FAILED 0/ },
        qr/Failed test 'CASE='read: read 7F register=Status nth=1': a rule was broken'/],
    ['a channel that does not start twice', 'stop',
        sub { s/(case IdeStart:\n)/static int starts;\n$1        if (starts++ > 3)\n            return FALSE;\n/ },
        qr/IdeHwControl\(IdeStart\) returned FALSE/],
    ['an exception', 'start', sub { s/(case IdeStart:\n)/$1        __asm__("ud2");\n/ },
        qr/^\s*#0 .* mine\.sys!HwControl mine\.c:\d+$/m],
    ['an exception in a read', 'read', sub { s/( NTAPI HwStartIo\([^)]*\)\n\{\n)/$1    if (Irb->Function == IRB_FUNCTION_ATA_READ)\n        __asm__("ud2");\n/ },
        qr/^# .*#0 .* mine\.sys!HwStartIo mine\.c:\d+$/m],
    ['no disk is used', 'start', sub { s/!= DeviceIsAta/!= DeviceIsAtapi/ },
        qr/^# channel 0\.0 target 0 \(SCRATCH-0\) was identified, but is not used$/m],
);
sub github_path { my ($path) = @_; return Cwd::abs_path($path) =~ s/%/%25/gr =~ s/,/%2C/gr =~ s/:/%3A/gr }

sub check_crash {
    my ($test, $summary, $folder, $printed) = @_;
    is($summary->{exit}{code}, 4, 'an exception is code 4');
    my @lines = split /\n/, slurp("$folder/mine.c");
    my ($line) = grep { $lines[$_ - 1] =~ /"ud2"/ } 1 .. @lines;
    my $file = github_path("$folder/mine.c");
    like($printed, qr/^::error file=\Q$file\E,line=$line,title=mine\.sys%3A the kernel cannot go on::A driver's bug that cannot be survived: mine\.sys!Hw\w+ /m,
        'GitHub is told');
    return if $test eq 'start';    # it has ended the look at what the driver serves
    my ($crash) = @{ $summary->{crashes} };
    is("$crash->{function} $crash->{file}:$crash->{line} @{ $crash->{tests} }", "HwStartIo mine.c:$line read", 'the place where the run has ended');
    like(slurp("$place/report/index.html"), qr{<b class="mark"><s> +$line</s> +__asm__\(&quot;ud2&quot;\);</b>}, 'the page has the line');
    return;
}

# Its report.
sub check_failure {
    my ($test, $folder, $printed) = @_;
    return check_crash($test, summary_in("$place/report"), $folder, $printed) if $test ne 'reset';
    my ($summary, $html) = check_report("$place/report", $printed);
    is($summary->{exit}{code}, 3, 'a broken rule is code 3');
    my @lines = split /\n/, slurp("$folder/mine.c");
    my ($line) = grep { $lines[$_ - 1] =~ /^static .* HwReset\([^;]*$/ } 1 .. @lines;
    my ($rule) = @{ $summary->{rules} };
    is("$rule->{id} $rule->{places}[0]{function} $rule->{places}[0]{file}:$rule->{places}[0]{line}", "IRB-10 HwReset mine.c:$line", 'the rule, and its place');
    my ($times) = $printed =~ /^# 1 rule was broken, (\d+) times? in all$/m;
    is($rule->{count}, $times, 'and how often');
    like($html, qr{<b class="mark"><s> +$line</s> static BOOLEAN NTAPI HwReset\(PVOID ChannelExtension\)</b>}, 'the page has the line');
    my $shown = $folder =~ s/&/&amp;/gr =~ s/</&lt;/gr =~ s/>/&gt;/gr =~ s/"/&quot;/gr =~ s/'/&#39;/gr;
    like($html, qr{<code>\Q$shown\E</code>}, 'and the path as it is');
    my $file = github_path("$folder/mine.c");
    like($printed, qr/^::error file=\Q$file\E,line=$line,title=IRB-10%3A .*::RULE IRB-10 .*%0A/m, 'GitHub is told');
    like($printed, qr/^::error title=mine%3A the test reset failed::/m, 'of the test, too');
    return;
}

for my $defect (@defects) {
    my ($what, $test, $change, $told) = @$defect;
    local $_ = $source;
    ok($change->(), "a driver with a defect: $what");
    my $folder = "$place/mine";
    if ($test eq 'reset') {    # a path of which HTML and XML, make and the shell each want something left as it is
        $folder = qq{$place/a<i>&amp;"'\$x, b/mine};
        mkdir $folder =~ s{/mine$}{}r or die;
        mkdir $folder or die;
        copy("$place/mine/mine.reg", $folder) or die;
    }
    spill("$folder/mine.c", $_);
    my $report = $what =~ /^(?:a reset|an exception)/ ? "$place/report" : '';
    ($code, $output) = suite(MINIPORT => $folder =~ s/ /\\ /gr, TEST => $test, REPORT => $report, GITHUB_ACTIONS => 'true');
    isnt($code, 0, "fails $test.t");
    check_failure($test, $folder, $output) if $report;
    like($output, $told, 'and its author is told') or diag($output);
    like($output, qr/^# +(?:\d+\.\d{6} .*)?  0\.\d  (?:Command <- |Status -> )/m, 'with the end of the trace')
        if $test eq 'read' && !$report;
    next if $test ne 'sweep';
    my ($case) = $output =~ /^# Again, access by access: make sweep .* CASE='(.*)'$/m;
    # (Whether the rule is broken again depends on when the interrupt comes.)
    (undef, $output) = command('make', 'sweep', "ARCH=$arch", "MINIPORT=$place/mine", "CASE=$case");
    like($output, qr/^# .* fault \d is injected\n# .* Status -> 0x7f .*\(injected\)$/m, 'which is run again alone, access by access')
        or diag($output);
}

# ------------------------------------------------------------------ drivers that hang

# (An endless loop stands in DriverEntry below, and in each routine in hang.t.)
my @hangs = (
    ['a wait without end', sub { s/(static BOOLEAN NTAPI HwStartIo.*?\{\n)/$1    static int n;\n    while (n > 12 && read_register(ChannelExtension, REG_COMMAND) != 0x99)\n        ;\n    n++;\n/s },
        qr/^# mine hangs in the test read: a driver does not come back: mine\.sys!(?:HwStartIo|read_register) mine\.c:\d+ \(in IdeHwStartIo, for 5\.\d s\)$/m],
);
for my $hang (@hangs) {
    my ($what, $change, $told) = @$hang;
    local $_ = $source;
    ok($change->(), "a driver that hangs: $what");
    spill("$place/mine/mine.c", $_);
    my $began = time;
    ($code, $output) = suite(MINIPORT => "$place/mine", TEST => 'read');
    isnt($code, 0, 'fails');
    like($output, $told, 'and one sentence says where') or diag($output);
    cmp_ok(time - $began, '<', 120, 'in time');
}
{
    local $_ = $source;
    ok(s/(DriverEntry\(.*?\{\n)/$1    for (volatile int i = 0;; i++)\n        ;\n/s, 'a driver that hangs in DriverEntry');
    spill("$place/mine/mine.c", $_);
    ($code, $output) = suite(MINIPORT => "$place/mine", REPORT => "$place/report");
    is_deeply([@{ summary_in("$place/report") }{qw(verdict format)}, summary_in("$place/report")->{exit}{code}], ['not run', 1, 4], 'the summary says so');
    ok(!-e "$place/report/index.html", 'and no report of another driver is left');
    like($output, qr/^mine hangs when it is started on MACHINE=pc: a driver does not come back: mine\.sys!DriverEntry mine\.c:\d+/m,
        'is not tried on other machines') or diag($output);

    # The suite as a whole has a limit, too: here with tests that wait for ever.
    spill("$place/mine/mine.c", $source);
    mkdir "$place/bin" or die;
    spill("$place/bin/prove", "#!/bin/sh\nsleep 1000 & echo \$! >'$place/waiting'\nwait\n");
    chmod 0755, "$place/bin/prove";
    ($code, $output) = suite(MINIPORT => "$place/mine", TIMEOUT => 6, PATH => "$place/bin:$ENV{PATH}",
        REPORT => "$place/report");
    isnt($code, 0, 'a suite that takes too long');
    like($output, qr/^The suite was ended after 30 s\. Not finished: .*\bwrite\b.* TIMEOUT= gives each boot more than 6 s/m, 'is ended')
        or diag($output);
    my $summary = summary_in("$place/report");
    like($summary->{exit}{reason}, qr/^The suite was ended after 30 s/, 'and has a report all the same');
    is_deeply([grep { $_ ne 'it did not come to its end' } map { $_->{problem} // '' } @{ $summary->{tests} }], [], 'in which no test has come to its end');
    my ($waiting) = slurp("$place/waiting") =~ /(\d+)/;
    unlike(-e "/proc/$waiting/stat" ? slurp("/proc/$waiting/stat") : '', qr/\) [RSD] /, 'with all that it has started');
}

# ------------------------------------------------------------------ what cannot be tested

sub refused {
    my ($what, $reason, %words) = @_;
    ($code, $output) = suite(%words);
    isnt($code, 0, $what);
    return like($output, $reason, 'is said in words');
}
spill("$place/mine/mine.c", $source);
spill("$place/mine/mine.reg", slurp("$place/mine/mine.reg") =~ s/PCI#CC_0101|\*PNP0600/PCI#VEN_1234&DEV_5678/gr);
refused('a driver without a device', qr/^No device is bound to mine on MACHINE=pc, .*\nDoes mine\.reg name an id/m,
    MINIPORT => "$place/mine");
refused('two drivers', qr/takes one driver at a time/, MINIPORT => "$place/mine $place/conforming");
refused('no such file', qr/is neither a folder nor a \.sys file/, MINIPORT => "$place/nothing");
refused('an image that is none', qr/bad\.sys is not used: /, MINIPORT => spill("$place/bad.sys", 'MZ, not quite'));
refused('a test that is none', qr/TEST=nothing: no test of the conformance suite/, MINIPORT => "$place/mine",
    TEST => 'nothing');
mkdir "$place/site" or die;
my %of_owner = ('index.html' => 'of somebody', 'summary.json' => '{"sum": 1}');
spill("$place/site/$_", $of_owner{$_}) for keys %of_owner;
refused('a folder for the report with files of its owner\'s', qr/^REPORT=\S+: summary\.json, index\.html in this folder would be overwritten/m,
    MINIPORT => "$place/nothing", REPORT => "$place/site");
is_deeply({ map { m{([^/]+)$} => slurp($_) } glob "$place/site/*" }, \%of_owner, 'and they are left alone');
spill("$place/mine/mine.c", "#error not finished\n");
refused('a driver that does not compile', qr/mine\.c:1:2: error: #error not finished/, MINIPORT => "$place/mine");

done_testing();
