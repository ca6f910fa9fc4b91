#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: tools/states.pl                prints docs/states.md
#        tools/states.pl --check FILE   says whether FILE is what it would print, and whether anything but a setter
#                                       writes a state of the port's; ends with 1 if so
#
# The state machines, from the code's own tables. A machine is an enumeration in a header, whose comments say
# what a state is, and a table of followers in a source:
#
#     enum NAME { PREFIX_A, /* what A is */ ... };
#     ... TABLE[...] = { [PREFIX_A] = BIT(B) | GROUP, ... };      with      #define GROUP BIT(C) or (BIT(C) | ...)
use strict;
use warnings;

# The port's machines have one form and one place.
sub port { return ('port/states.h', "$_[0]_state", uc "$_[0]_", 'port/states.c', "$_[0]_followers") }

# Title, what it is about, header, enumeration, prefix of its names, source, table.
my @machines = (
    ['pata: a channel', 'One step at a time; `miniport/pata/machine.c` says what each state begins with, and what'
        . ' interrupt and timer mean in it. `reset` and `stopped` are the port\'s doing (IdeHwReset,'
        . ' IdeHwControl). A step that is not in the table is refused and reported.',
        'miniport/pata/pata.h', 'pata_phase', 'PHASE_', 'miniport/pata/phases.h', 'pata_followers'],
    ['ahci: a port', 'Commands run in `running` only; `miniport/ahci/machine.c` says what each state begins with, and what'
        . ' the timer means in it. `stopping` and `stopped` are the port driver\'s doing, too (IdeHwReset, an LUN reset,'
        . ' IdeHwControl). A step that is not in the table is refused and reported.',
        'miniport/ahci/ahci.h', 'ahci_phase', 'PHASE_', 'miniport/ahci/phase.c', 'ahci_followers'],
    ['port: a controller', 'Its life (`port/controller.c`, `port/power.c`).', port('controller')],
    ['port: a channel', 'Its life (`port/channel.c`, `port/power.c`).', port('channel')],
    ['port: recovery', 'What a time-out starts on a channel (`port/request/timeout.c`). Only in `none` do requests go'
        . ' to the miniport.', port('recovery')],
    ['port: power of a device', 'IRB_FUNCTION_POWER_CHANGE, after a flush (`port/power.c`). Requests go out in `d0` and'
        . ' `refused` only.', port('power')],
    ['port: the power IRB of a channel', 'One at a time, for any of its devices (`port/power.c`).', port('power_irb')],
    ['port: the slot of an IRB', 'A request\'s goes from `free` to `active`, `completed` and back: in the trace the IRB'
        . ' begins and ends. One of request sense is released by the miniport, or taken from it (`port/request/`).',
        'port/states.h', 'irb_slot_state', 'SLOT_', 'port/states.h', 'irb_slot_followers'],
    ['The registry\'s file in a session', 'The host\'s program that has it while a guest runs. What the guest says'
        . ' (`lib/journal.h`) leads to `appended` and `repeated`.',
        'tools/registry_session.c', 'hive_state', 'HIVE_', 'tools/registry_session.c', 'followers'],
);

sub slurp {
    my ($path) = @_;
    open my $in, '<', $path or die "tools/states.pl: $path: $!\n";
    local $/;
    return scalar <$in>;
}

# PREFIX_A_B is written `a b`.
sub name_of { return lc($_[0]) =~ tr/_/ /r }

# The states in their order: [name, what it is].
sub read_states {
    my ($header, $enumeration, $prefix) = @_;
    my ($body) = slurp($header) =~ /^enum \Q$enumeration\E \{\n(.*?)^\};/ms
        or die "tools/states.pl: no enum $enumeration in $header\n";
    my @states;
    while ($body =~ m{^\s*\Q$prefix\E(\w+)\s*(?:=[^,/]*)?,?[ \t]*(?:/\*\s*(.*?)\s*\*/)?}msg) {
        my ($name, $meaning) = ($1, $2 // '');
        $meaning =~ s{\s*\n\s*\*?\s*}{ }g;
        push @states, [$name, $meaning];
    }
    return @states;
}

# What an expression of BIT()s and groups stands for.
sub expand {
    my ($expression, $groups, $where) = @_;
    my @names;
    for my $word ($expression =~ /(\w+(?:\(\w+\))?)/g) {
        if ($word =~ /^BIT\((\w+)\)$/) {
            push @names, $1;
        } elsif (defined $groups->{$word}) {
            push @names, expand($groups->{$word}, $groups, $where);
        } elsif ($word ne '0') {
            die "tools/states.pl: $where: what is $word?\n";
        }
    }
    return @names;
}

sub read_followers {
    my ($source, $prefix, $table) = @_;
    my $text = slurp($source);
    my %groups = map { /^(\w+)\s+(.*)$/s ? ($1, $2 =~ s/\\\n//gr) : () }
        $text =~ /^#define ((?!BIT\()\w+\s+(?:.*\\\n)*.*)$/mg;
    my ($body) = $text =~ /\b\Q$table\E\[\w*\] = \{\n(.*?)^\};/ms
        or die "tools/states.pl: no $table in $source\n";
    my %followers;
    while ($body =~ /\[\Q$prefix\E(\w+)\] =\s*([^,]*),/g) {
        $followers{$1} = [expand($2, \%groups, "$source, $prefix$1")];
    }
    return \%followers;
}

sub machine {
    my ($title, $about, $header, $enumeration, $prefix, $source, $table) = @_;
    my @states = read_states($header, $enumeration, $prefix);
    my $followers = read_followers($source, $prefix, $table);
    my %order = map { $states[$_][0] => $_ } 0 .. $#states;
    my $text = "## $title\n\n$about\n\n| state | what it is | may be followed by |\n|---|---|---|\n";
    for (@states) {
        my ($name, $meaning) = @$_;
        my $next = delete $followers->{$name} or die "tools/states.pl: $source: nothing follows $prefix$name\n";
        defined $order{$_} or die "tools/states.pl: $source: $prefix$_ is no state\n" for @$next;
        $header ne 'port/states.h' || slurp('port/states.c') =~ /\[\Q$prefix$name\E\] = "/
            or die "tools/states.pl: port/states.c: $prefix$name has no name\n";
        my @next = sort { $order{$a} <=> $order{$b} } @$next;
        $text .= sprintf "| %s | %s | %s |\n", name_of($name), $meaning, join ', ', map { name_of($_) } @next;
    }
    die "tools/states.pl: $source: $prefix$_ is no state\n" for sort keys %$followers;
    return $text;
}

# The lines that write a state of the port's past its setter, whose argument is called `next`.
sub writes_past_setters {
    my @found;
    for my $path (grep { !m{^port/registry/} } split /\n/, qx(find port -name '*.[ch]')) {
        my $number = 0;
        for my $line (split /\n/, slurp($path)) {
            $number++;
            push @found, "$path:$number: only a setter writes a state\n"
                if $line =~ /->(?:state|recovery|power|power_irb)\s*=(?!=)\s*+(?!next;)/;
        }
    }
    return @found;
}

chdir "$1." if $0 =~ m{^(.*/)tools/[^/]+$};
my $text = join "\n", "# State machines\n\nMade by `tools/states.pl` from the code's tables; do not edit.\n",
    map { machine(@$_) } @machines;
if (@ARGV == 2 && $ARGV[0] eq '--check') {
    my @wrong = writes_past_setters();
    push @wrong, "$ARGV[1] is not what the code says: tools/states.pl >$ARGV[1]\n" if slurp($ARGV[1]) ne $text;
    print @wrong;
    exit(@wrong ? 1 : 0);
}
@ARGV == 0 or die "usage: tools/states.pl [--check FILE]\n";
print $text;
