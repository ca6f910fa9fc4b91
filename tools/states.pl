#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: tools/states.pl                prints docs/states.md
#        tools/states.pl --check [FILE] says whether FILE (docs/states.md) is what it would print, and whether anything but a setter
#                                       writes a state of the port's; ends with 1 if so
#
# The state machines, from the code's own tables; what becomes of requests that fail (port/request/fates.def); and the
# port's limits (port/limits.def). A machine is an enumeration in a header, whose comments say what a state is, and a
# table of followers in a source, or, for the port's, rows of steps in port/states.def:
#
#     enum NAME { PREFIX_A, /* what A is */ ... };
#     ... TABLE[...] = { [PREFIX_A] = BIT(B) | GROUP, ... };      with      #define GROUP BIT(C) or (BIT(C) | ...)
#     STEP(PREFIX, A, "event", B)
use strict;
use warnings;

# The port's machines have one form and one place: a prefix is all that differs, but for the slots' enumeration.
sub port { return ('port/states.h', ($_[1] // $_[0]) . '_state', uc "$_[0]_") }

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
        port('slot', 'irb_slot')],
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

# The rows of a .def file: NAME(word or "text", ...), each word and text of it.
sub read_rows {
    my ($path, $name, $width) = @_;
    my $text = slurp($path);
    my $argument = qr/"(?:[^"\\]|\\.)*"|\w+/;
    my @rows;
    while ($text =~ /^\Q$name\E\(($argument(?:,\s*$argument)*)\)$/mg) {
        my @row = map { /^"(.*)"$/s ? $1 =~ s/\\(.)/$1/gr : $_ } $1 =~ /($argument)/g;
        die "tools/states.pl: $path: a row of $name has $width columns: @row\n" if @row != $width;
        push @rows, \@row;
    }
    my $count = () = $text =~ /^\Q$name\E\(/mg;
    die "tools/states.pl: $path: $count rows of $name, of which @{[scalar @rows]} can be read\n" if !$count || $count != @rows;
    return @rows;
}

# A machine of the port's: what its states are, and its steps.
sub port_machine {
    my ($title, $about, $header, $enumeration, $prefix) = @_;
    my @states = read_states($header, $enumeration, $prefix);
    my %known = map { $_->[0] => 1 } @states;
    my @steps = grep { "$_->[0]_" eq $prefix } read_rows('port/states.def', 'STEP', 4);
    my $text = "## $title\n\n$about\n\n| state | what it is |\n|---|---|\n";
    for (@states) {
        my ($name, $meaning) = @$_;
        grep { $_->[1] eq $name } @steps or die "tools/states.pl: port/states.def: no step leaves $prefix$name\n";
        slurp('port/states.c') =~ /\[\Q$prefix$name\E\] = "/ or die "tools/states.pl: port/states.c: $prefix$name has no name\n";
        $text .= sprintf "| %s | %s |\n", name_of($name), $meaning;
    }
    $text .= "\n| state | event | next state |\n|---|---|---|\n";
    for (@steps) {
        my (undef, $from, $event, $to) = @$_;
        $known{$_} or die "tools/states.pl: port/states.def: $prefix$_ is no state\n" for $from, $to;
        $text .= sprintf "| %s | %s | %s |\n", name_of($from), $event, name_of($to);
    }
    return $text;
}

sub fates {
    my $text = <<'END';
## port: a request that fails

What becomes of one that did not succeed (`port/request/fates.def`). The first row counts whose status and condition hold.

| IrbStatus | when | then |
|---|---|---|
END
    for (read_rows('port/request/fates.def', 'FATE', 5)) {
        my ($status, undef, undef, $when, $then) = @$_;
        $text .= sprintf "| %s | %s | %s |\n", $status eq 'ANY' ? 'any' : "IRB_STATUS_$status", $when, $then;
    }
    return $text;
}

sub limits {
    my $text = <<'END';
## port: limits

How long the port waits, and how often it tries (`port/limits.def`; `counters` prints them, too).

| name | limit | |
|---|---|---|
END
    $text .= sprintf "| %s | %s %s | %s |\n", @$_ for read_rows('port/limits.def', 'LIMIT', 4);
    return $text;
}

sub machine {
    my ($title, $about, $header, $enumeration, $prefix, $source, $table) = @_;
    return port_machine(@_) if !$source;
    my @states = read_states($header, $enumeration, $prefix);
    my $followers = read_followers($source, $prefix, $table);
    my %order = map { $states[$_][0] => $_ } 0 .. $#states;
    my $text = "## $title\n\n$about\n\n| state | what it is | may be followed by |\n|---|---|---|\n";
    for (@states) {
        my ($name, $meaning) = @$_;
        my $next = delete $followers->{$name} or die "tools/states.pl: $source: nothing follows $prefix$name\n";
        defined $order{$_} or die "tools/states.pl: $source: $prefix$_ is no state\n" for @$next;
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
    (map { machine(@$_) } @machines), fates(), limits();
if (@ARGV && @ARGV <= 2 && $ARGV[0] eq '--check') {
    my $file = $ARGV[1] // 'docs/states.md';
    my @wrong = writes_past_setters();
    push @wrong, "$file is not what the code says: tools/states.pl >$file\n" if slurp($file) ne $text;
    print @wrong;
    exit(@wrong ? 1 : 0);
}
@ARGV == 0 or die "usage: tools/states.pl [--check [FILE]]\n";
print $text;
