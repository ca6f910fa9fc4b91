# SPDX-License-Identifier: MIT
#
# What the macros and the inline wrappers of the headers do, held against the tables: writes a program for
# the host, one test a row. The words of a row's last column are understood here; a row that is not
# understood is a failure, so a changed row is either tested or reported.
package Behaviour;
use strict;
use warnings;

sub new {
    my ($class, $tables) = @_;
    my $self = bless { tests => [], failures => [], counts => {}, routines => {} }, $class;
    $self->{routines}{ $_->{name} } = $_ for @{ $tables->{routines} };
    for my $row (@{ $tables->{routines} }) {
        if ($row->{kind} eq 'macro') {
            $self->add_macro($row);
        } elsif ($row->{kind} =~ /^inline-wrapper-of (\w+)$/) {
            $self->add_wrapper($row, $self->{routines}{$1});
        }
    }
    return $self;
}

sub add_test {
    my ($self, $kind, $row, $body) = @_;
    my $name = "$row->{name}: $row->{detail}";
    if (!defined $body) {
        push @{ $self->{failures} }, "$name: not understood";
        return;
    }
    push @{ $self->{tests} }, { name => $name =~ s/(["\\])/\\$1/gr, body => $body };
    $self->{counts}{$kind}++;
}

# ---------------------------------------------------------------------------- macros

# Each: what a row says, and the test that goes with it. M is the macro, CHECK counts a disagreement.
my @understood = (
    [ qr/^(Function|IrbFlags) & (0x\w+)$/ => sub {
        "for (unsigned bit = 0; bit < 17; bit++) {\n"
            . "    irb.$_[0] = (__typeof__(irb.$_[0]))(bit < 16 ? 1u << bit : ~0u);\n"
            . "    CHECK(!!M(&irb) == !!(irb.$_[0] & $_[1]));\n}" } ],
    [ qr/^Function equals (0x\w+)$/ => sub {
        "for (unsigned f = 0; f < 0x10000; f++) {\n    irb.Function = (USHORT)f;\n"
            . "    CHECK(!!M(&irb) == (f == $_[0]));\n}" } ],
    [ qr/^(sets|clears) IrbFlags bit (0x\w+)$/ => sub {
        my $change = $_[0] eq 'sets' ? "| $_[1]" : "& ~(ULONG)$_[1]";
        "for (int i = 0; i < 2; i++) {\n    irb.IrbFlags = i ? 0xFFFFFFFF : 0;\n"
            . "    ULONG wanted = irb.IrbFlags $change;\n    (void)M(&irb);\n"
            . "    CHECK(irb.IrbFlags == wanted);\n}" } ],
    [ qr/^address of (\S+) of the irb$/ => sub { "CHECK(M(&irb) == &irb.$_[0]);" } ],
    [ qr/^address of (\w+) of the task file$/ => sub {
        "CHECK(M(&irb.IdeTaskFile) == &irb.IdeTaskFile.$_[0]);" } ],
    [ qr/^lvalue (\w+)$/ => sub { "M(&irb) = 0x5A;\nCHECK(&M(&irb) == &irb.$_[0] && irb.$_[0] == 0x5A);" } ],
    [ qr/^stores \w+ in (\w+(?:\.\w+)+)$/ => sub { "(void)M(&irb, 0x5A);\nCHECK(irb.$_[0] == 0x5A);" } ],
    [ qr/^stores \(TargetId 0: (0x\w+), else (0x\w+)\) \| val in (\S+)$/ => sub {
        "for (unsigned i = 0; i < 0x200; i++) {\n    irb.TargetId = (UCHAR)(i >> 8);\n"
            . "    (void)M(&irb, i & 0xFF);\n"
            . "    CHECK(irb.$_[2] == (UCHAR)((irb.TargetId == 0 ? $_[0] : $_[1]) | (i & 0xFF)));\n}" } ],
    [ qr/^always (0x\w+)$/ => sub { "for (int mode = 0; mode < 8; mode++) {\n    CHECK_TYPED(M(mode), $_[0]);\n}" } ],
    [ qr/^(0x\w+)\|mode$/ => sub {
        "for (int mode = 0; mode < 8; mode++) {\n    CHECK_TYPED(M(mode), $_[0] | mode);\n}" } ],
    [ qr/^true when bit (\d+) of mode is clear$/ => sub {
        "for (unsigned bit = 0; bit < 33; bit++) {\n    ULONG mode = bit < 32 ? 1u << bit : ~0u;\n"
            . "    CHECK(!!M(mode) == !(mode >> $_[0] & 1));\n}" } ],
    [ qr/^stores (0x\w+) >> \((\d+) - i\) in mode$/ => sub {
        "for (unsigned i = 0; i < 32; i++) {\n    ULONG mode = 0x5A5A5A5A;\n    M(i, mode);\n"
            . "    CHECK(mode == (ULONG)$_[0] >> ($_[1] - i));\n}" } ],
    [ qr/^stores index of highest set bit of mode in i \(all ones when mode is 0\)$/ => sub {
        "for (unsigned bit = 0; bit < 32; bit++) {\n    ULONG i = 0x5A, j = 0x5A;\n"
            . "    ULONG mode = 1u << bit, below = mode | (mode - 1);\n"
            . "    M(mode, i);\n    M(below, j);\n    CHECK(i == bit && j == bit);\n}\n"
            . "ULONG none = 0, i = 0x5A;\nM(none, i);\nCHECK(i == 0xFFFFFFFF);" } ],
    [ qr/^stores in irbFunc: (.*); else (0x\w+)$/ => \&command_map ],
    [ qr/^true when: (.*)$/ => \&conditions ],
);

sub add_macro {
    my ($self, $row) = @_;
    my $body;
    for my $pair (@understood) {
        my ($pattern, $test) = @$pair;
        next if $row->{detail} !~ $pattern;
        $body = $test->($1, $2, $3);
        last;
    }
    if (defined $body) {
        $body =~ s/\bM\(/$row->{name}(/g;
        my ($type) = $row->{return} =~ /^(?:(?:expression|statement)|([A-Z]+))$/
            or return $self->add_test('macros', $row, undef);
        $body =~ s/CHECK_TYPED\((.*), (.*)\);/CHECK($1 == ($2));\nCHECK(__builtin_types_compatible_p(__typeof__($1), $type));/g;
    }
    $self->add_test('macros', $row, $body);
}

# "EC,A1 give 0x101; 20,C4 give 0x102": every command code is tried.
sub command_map {
    my ($groups, $otherwise) = @_;
    my @function = (hex $otherwise) x 256;
    for my $group (split /; /, $groups) {
        my ($codes, $function) = $group =~ /^([0-9A-F,]+) gives? (0x\w+)$/ or return undef;
        $function[ hex $_ ] = hex $function for split /,/, $codes;
    }
    return 'static const USHORT wanted[256] = {' . join(', ', @function) . "};\n"
        . "for (unsigned code = 0; code < 256; code++) {\n    USHORT function = 0;\n    UCHAR command = (UCHAR)code;\n"
        . "    M(command, function);\n    CHECK(function == wanted[code]);\n}";
}

# "Function has 0x200, IrbStatus equals 3": all must hold; every combination of the values is tried.
sub conditions {
    my ($list) = @_;
    my @conditions;
    for my $condition (split /, /, $list) {
        my ($c) = $condition =~ /^(\w+) has (0x\w+)$/ ? "(irb.$1 & $2)"
            : $condition =~ /^(\w+) is not (0x\w+)$/  ? "irb.$1 != $2"
            : $condition =~ /^(\w+) equals (\w+)$/    ? "irb.$1 == $2"
            : $condition =~ /^(\w+) non-null$/        ? "irb.$1 != NULL"
            : $condition =~ /^(\w+) above (\d+)$/     ? "irb.$1 > $2"
            :                                           return undef;
        push @conditions, $c;
    }
    return "for (unsigned i = 0; i < 0x1000; i++) {\n"
        . "    for (unsigned j = 0; j < 0x40; j++) {\n"
        . "        irb.Function = (USHORT)i;\n        irb.IrbStatus = (UCHAR)(j & 0xF);\n"
        . "        irb.SenseInfoBuffer = j & 0x10 ? &irb : NULL;\n"
        . "        irb.SenseInfoBufferLength = (UCHAR)(j >> 5);\n"
        . "        CHECK(!!M(&irb) == (" . join(' && ', @conditions) . "));\n    }\n}";
}

# ---------------------------------------------------------------------------- wrappers

# Calls the wrapper with a different value for each parameter and looks at what arrived at the routine.
sub add_wrapper {
    my ($self, $row, $routine) = @_;
    my ($list) = $row->{detail} =~ /^\((.*)\)$/;
    return $self->add_test('wrappers', $row, undef) if !defined $list || !$routine;
    my (%value, @arguments);
    my $n = 0;
    for my $parameter (split /,\s*/, $row->{parameters}) {
        my ($type, $name) = $parameter =~ /^(.*?)\s*(\w+)$/;
        $n++;
        my $number = $type =~ /^IDE_\w+STATE$/ ? 2 : 0x20 + $n;
        $value{$name} = "($type)" . ($type eq 'BOOLEAN' ? 1 : $number);
        push @arguments, $value{$name};
    }
    my @passed = map { $value{$_} // $_ } split /,\s*/, $list;
    my $call = "$row->{name}(" . join(', ', @arguments) . ')';
    my $body = "arrived_count = 0;\n"
        . ($row->{return} eq 'VOID' ? "$call;\n" : "CHECK($call == 0x5A);\n")
        . "CHECK(arrived_at == (void *)$routine->{name} && arrived_count == " . @passed . ");\n";
    $body .= "CHECK(arrived[$_] == (unsigned long long)$passed[$_]);\n" for 0 .. $#passed;
    $self->add_test('wrappers', $row, $body);
}

# The routine behind wrappers: notes what arrives. A variadic one takes as many as its kind says.
sub fake {
    my ($row) = @_;
    my $variadic = $row->{parameters} =~ /,\s*\.\.\.$/;
    my @names = map { /(\w+)$/ ? $1 : () } split /,\s*/, $row->{parameters};
    my $text = "$row->{return} " . ($variadic ? 'NTAPI_V' : 'NTAPI') . " $row->{name}($row->{parameters})\n{\n"
        . "    arrived_at = (void *)$row->{name};\n";
    $text .= "    arrived[arrived_count++] = (unsigned long long)$_;\n" for @names;
    $text .= "    __builtin_ms_va_list rest;\n    __builtin_ms_va_start(rest, $names[-1]);\n"
        . "    for (int i = 0; i < ($names[0] == IdePowerStateChange ? 3 : 2); i++)\n"
        . "        arrived[arrived_count++] = (unsigned long long)__builtin_va_arg(rest, int);\n"
        . "    __builtin_ms_va_end(rest);\n" if $variadic;
    $text .= "    return 0x5A;\n" if $row->{return} ne 'VOID';
    return "$text}\n\n";
}

# ---------------------------------------------------------------------------- the program

sub source {
    my ($self) = @_;
    my %behind = map { /^inline-wrapper-of (\w+)$/ ? ($1 => 1) : () } map { $_->{kind} } values %{ $self->{routines} };
    my $text = "/* Made by tools/abi/Behaviour.pm from the tables. */\n#include <stdio.h>\n"
        . "#include <miniport.h>\n#include <ata.h>\n#include <irb.h>\n\n"
        . "static unsigned long long arrived[16];\nstatic int arrived_count;\nstatic void *arrived_at;\n"
        . "static const char *failed_at;\n"
        . "#define CHECK(condition) \\\n    do { \\\n        if (!(condition)) \\\n            failed_at = #condition; \\\n    } while (0)\n\n";
    $text .= fake($self->{routines}{$_}) for grep { $self->{routines}{$_} } sort keys %behind;
    my $n = 0;
    for my $test (@{ $self->{tests} }) {
        my $body = $test->{body} =~ s/^(?=.)/    /mgr;
        $text .= "static void test_$n(void)\n{\n    IDE_REQUEST_BLOCK irb = {0};\n    (void)irb;\n$body\n}\n\n";
        $n++;
    }
    $text .= "int main(void)\n{\n    static const struct {\n        const char *name;\n        void (*run)(void);\n    } tests[] = {\n";
    $text .= "        {\"$self->{tests}[$_]{name}\", test_$_},\n" for 0 .. $n - 1;
    $text .= "    };\n    for (unsigned i = 0; i < sizeof tests / sizeof tests[0]; i++) {\n"
        . "        failed_at = NULL;\n        tests[i].run();\n        if (failed_at)\n"
        . "            printf(\"%s: not so: %s\\n\", tests[i].name, failed_at);\n    }\n"
        . "    printf(\"tests run: %u\\n\", (unsigned)(sizeof tests / sizeof tests[0]));\n    return 0;\n}\n";
    return $text;
}

# Builds and runs the program with the host's compiler, a command as a list. Returns the failures.
sub check {
    my ($self, $folder, @compiler) = @_;
    my ($source, $program) = ("$folder/behaviour.c", "$folder/behaviour");
    Layout::write_file($source, $self->source);
    my ($good, $text) = Layout::run_command(@compiler, $source, '-o', $program);
    return (@{ $self->{failures} }, grep { /error:/ } split /\n/, $text) if !$good;
    ($good, $text) = Layout::run_command($program);
    my @lines = split /\n/, $text;
    my $last = pop @lines // '';
    push @lines, 'the program ended early' if !$good || $last ne 'tests run: ' . @{ $self->{tests} };
    return (@{ $self->{failures} }, @lines);
}

1;
