# SPDX-License-Identifier: MIT
#
# What a compiler makes of the headers, held against the tables.
#
# The compiler is asked, not told: the generated source puts every size, offset, value and answer about a
# type into an array in a section of its own, and objects with one bit-field full of ones each into
# others. The object file is then read, so nothing has to run, which works for any target; and a
# difference is reported with both values. A name that does not exist is an error of the compiler.
package Layout;
use strict;
use warnings;

# A configuration: bits (32 or 64); windows (true for PE); symbols, the form in which the compiler refers to
# a routine (plain, underscore, or a column of exports.txt: amd64, i386); compiler, the command as a list;
# tools, what goes before the names of binutils.
sub new {
    my ($class, $tables, $configuration) = @_;
    my $self = bless {
        configuration => $configuration,
        bits          => $configuration->{bits},
        numbers       => [],
        typedefs      => [],
        bit_fields    => {},
        bit_order     => [],
        parameters    => {},
        preprocessor  => [],
        symbols       => {},
        failures      => [],
        counts        => {},
    }, $class;
    $self->add_types($tables->{types});
    $self->add_members($tables->{members});
    $self->add_constants($tables->{constants});
    $self->add_routines($tables->{routines}, $tables->{exports});
    $self->add_spellings($tables->{spellings});
    return $self;
}

sub count { $_[0]{counts}{ $_[1] }++ }
sub fail  { push @{ $_[0]{failures} }, $_[1] }

# One number that the compiler has to come to; a value below zero is compared as 64 bits.
sub number {
    my ($self, $label, $expression, $expected) = @_;
    $expected = $expected =~ /^0x/i ? hex $expected : $expected;
    push @{ $self->{numbers} }, { label => $label, expression => $expression, expected => $expected };
}

sub same_type {
    my ($self, $label, $left, $right) = @_;
    $self->number("$label is a $right", "__builtin_types_compatible_p($left, $right)", 1);
}

# ---------------------------------------------------------------------------- what the tables ask

sub add_types {
    my ($self, $rows) = @_;
    for my $row (@$rows) {
        $self->number("sizeof $row->{type}",  "sizeof($row->{type})",   $row->{"size$self->{bits}"});
        $self->number("alignof $row->{type}", "_Alignof($row->{type})", $row->{"align$self->{bits}"});
        $self->number("$row->{type} is signed", "($row->{type})-1 < ($row->{type})1",
            $row->{signed} eq 'yes' ? 1 : 0) if $row->{signed} ne '-';
        $self->count('basic types');
    }
}

sub add_members {
    my ($self, $rows) = @_;
    my $kind;
    for my $i (0 .. $#$rows) {
        my $row = $rows->[$i];
        my ($struct, $member, $type) = @$row{qw(struct member type)};
        my ($offset, $size) = ($row->{"offset$self->{bits}"}, $row->{"size$self->{bits}"});
        my $label = "$struct.$member";
        my $lvalue = "((($struct *)0)->$member)";
        if ($member eq '(sizeof)') {
            $self->number("sizeof $struct", "sizeof($struct)", $size);
            $self->same_type($struct, $struct, "$type _$struct");
            $self->same_type("P$struct", "P$struct", "$struct *");
            $kind = $type;
            $self->count('structures');
            next;
        }
        if ($member eq '(alignof)') {
            $self->number("alignof $struct", "_Alignof($struct)", $size);
            $self->fail("$struct is a $type and a $kind") if $type ne $kind;
            next;
        }
        $self->count('members');
        if ($member eq '(anonymous)') {
            $self->add_anonymous($row, $rows, $i, $offset, $size);
        } elsif ($row->{bit_width} ne '') {
            $self->number("$label: storage", "sizeof($type)", $size);
            push @{ $self->{bit_order} }, $struct if !$self->{bit_fields}{$struct};
            push @{ $self->{bit_fields}{$struct} }, {
                label  => $label,
                member => $member,
                first  => $offset * 8 + $row->{bit_offset},
                width  => $row->{bit_width},
            };
            $self->count('bit-fields');
        } else {
            $self->number("offset of $label", "__builtin_offsetof($struct, $member)", $offset);
            $self->number("size of $label", "sizeof($lvalue)", $size) if $type !~ /\[\]$/;
            $self->same_type($label, "__typeof__($lvalue)", $type) if $type !~ /^(?:struct|union)$/;
        }
    }
}

# What has no name is measured by what it holds: the rows that follow and lie within it.
sub add_anonymous {
    my ($self, $row, $rows, $i, $offset, $size) = @_;
    my ($struct, @held, %places) = ($row->{struct});
    for my $inner (@$rows[ $i + 1 .. $#$rows ]) {
        my $place = $inner->{"offset$self->{bits}"};
        last if $inner->{struct} ne $struct || $place < $offset || $place >= $offset + $size;
        next if $inner->{member} =~ /[(.]/;
        push @held, $inner->{member} if $inner->{bit_width} eq '';
        $places{ $place * 8 + ($inner->{bit_offset} || 0) } = 1;
    }
    my $label = "$struct: unnamed $row->{type} at $offset";
    my ($start, $end) = ('~0ull', '0ull');
    return $self->fail("$label holds nothing") if !@held;
    $self->fail("$label: what it holds does not lie as in a $row->{type}")
        if $row->{type} ne (keys %places == 1 ? 'union' : 'struct');
    $start = "ABI_MIN(__builtin_offsetof($struct, $_), $start)" for @held;
    $end = "ABI_MAX(__builtin_offsetof($struct, $_) + sizeof((($struct *)0)->$_), $end)" for @held;
    $self->number("start of $label", $start, $offset);
    $self->number("end of $label", $end, $offset + $size);
}

sub add_constants {
    my ($self, $rows) = @_;
    for my $row (@$rows) {
        my ($name, $origin) = @$row{qw(name origin)};
        $self->number($name, "($name)", $row->{value});
        if ($row->{kind} eq 'enum') {
            $self->number("sizeof $origin, which has $name", "sizeof($origin)", 4);
        } elsif ($row->{kind} eq 'define' && $origin =~ /^(?:ata|irb)\.h$/) {
            push @{ $self->{preprocessor} }, { name => $name, header => $origin };
        } else {
            $self->fail("$name: $row->{kind} of $origin is not understood");
        }
        $self->count('constants');
    }
}

# The convention is written out here rather than taken from the headers, which are to be checked.
sub convention {
    my ($self, $variadic) = @_;
    return $self->{configuration}{windows} ? '' : '__attribute__((ms_abi))' if $self->{bits} == 64;
    return $variadic ? '__attribute__((cdecl))' : '__attribute__((stdcall))';
}

sub function_type {
    my ($self, $row, $pointer) = @_;
    my $name       = "abi_type_of_$row->{name}";
    my $convention = $self->convention($row->{parameters} =~ /\.\.\.$/);
    my $declarator = $pointer ? "($convention *$name)" : "$convention $name";
    push @{ $self->{typedefs} }, "typedef $row->{return} $declarator($row->{parameters});";
    return $name;
}

sub add_routines {
    my ($self, $rows, $exports) = @_;
    my (%modules, %symbol, %declared);
    for my $export (grep { $_->{module} ne 'ntoskrnl.exe' } @$exports) {
        my $name = $export->{export_name};
        $modules{$name}{ $export->{module} } = 1;
        my $symbol = join ' ', @$export{qw(i386_link_symbol amd64_link_symbol)};
        $self->fail("exports.txt: $name is $symbol and $symbol{$name}")
            if defined $symbol{$name} && $symbol{$name} ne $symbol;
        $symbol{$name} = $symbol;
    }
    for my $row (@$rows) {
        my ($name, $kind) = @$row{qw(name kind)};
        $self->{parameters}{$name} = $row->{parameters} if $row->{return} ne '?';
        if ($kind eq 'macro') {
            push @{ $self->{preprocessor} }, { name => $name, header => 'irb.h' };
            next;
        }
        if ($kind eq 'callback-typedef') {
            $self->same_type($name, $name, $self->function_type($row, 1));
            $self->fail("$name: '$row->{detail}'") if $row->{detail} ne 'pointer to function';
            $self->count('callbacks');
            next;
        }
        if ($row->{return} ne '?') {
            $self->same_type($name, "__typeof__($name)", $self->function_type($row, 0));
            $self->count($kind =~ /^inline-wrapper/ ? 'wrappers' : 'routines');
        }
        $self->fail("$name is exported, and its row says $kind")
            if $kind ne 'exported' && $modules{$name};
        next if $kind =~ /^(?:declared-not-exported$|inline-wrapper-of )/;
        $declared{$name} = 1;
        $self->check_export($row, $modules{$name}, $symbol{$name});
    }
    for my $name (grep { /^AtaPort/ && !$declared{$_} } sort keys %modules) {
        $self->fail("$name is exported, and abi-routines.tsv does not say so");
    }
}

# An exported routine's row against its export: modules, link symbols, bytes of arguments.
sub check_export {
    my ($self, $row, $modules, $symbol) = @_;
    my $name = $row->{name};
    return $self->fail("$name is not in exports.txt") if !$symbol;
    my ($i386, $amd64) = split ' ', $symbol;
    my $from = join '+', map { s/\.sys$//r } sort keys %$modules;
    $self->fail("$name: '$row->{detail}', and exports.txt says $i386 from $from")
        if $row->{detail} !~ m{^(\S+) from (\w+(?:[+/]\w+)*)(?:\.sys|\.sys; no prototype in irb\.h)?$} || $1 ne $i386 || $2 =~ tr{/}{+}r ne $from;
    if ($row->{return} eq '?') {
        my ($bytes) = $row->{parameters} =~ /^\? \((\d+) argument bytes on i386\)$/;
        $self->fail("$name: '$row->{parameters}', and exports.txt says $i386")
            if ($i386 =~ /\@(\d+)$/ ? $1 : '') ne ($bytes // 'none');
        return;
    }
    my %form = (plain => $name, underscore => "_$name", amd64 => $amd64, i386 => $i386);
    $self->{symbols}{ $form{ $self->{configuration}{symbols} } } = $name;
    $self->count('link symbols');
}

sub add_spellings {
    my ($self, $rows) = @_;
    for my $row (@$rows) {
        my ($documented, $header) = @$row{qw(documented header)};
        my $label = "$documented, which is $header";
        if ($row->{kind} eq 'enumerator') {
            $self->number($label, "$documented == $header", 1);
        } elsif ($row->{kind} eq 'type') {
            $self->same_type($label, $documented, $header);
        } else {
            $self->same_type($label, "__typeof__($documented)", "__typeof__($header)");
        }
        $self->count('second spellings');
    }
}

# ---------------------------------------------------------------------------- the source

my $returned = '0x1122334455667788';

sub source {
    my ($self) = @_;
    my $text = "/* Made by tools/abi/Layout.pm from the tables. */\n#include <miniport.h>\n#include <ata.h>\n";
    for my $item (@{ $self->{preprocessor} }) {
        my ($test, $fault) = $item->{header} eq 'ata.h' ? ('ifndef', 'is not in') : ('ifdef', 'is already in');
        $text .= "#$test $item->{name}\n#error \"$item->{name} $fault ata.h\"\n#endif\n";
    }
    $text .= "#include <irb.h>\n";
    for my $item (@{ $self->{preprocessor} }) {
        $text .= "#ifndef $item->{name}\n#error \"$item->{name} is no macro\"\n#endif\n";
    }
    $text .= "#define ABI_MIN(a, b) ((a) < (b) ? (a) : (b))\n#define ABI_MAX(a, b) ((a) > (b) ? (a) : (b))\n"
        . "#define ABI_IN(name) __attribute__((section(name), used))\n";
    $text .= join "\n", @{ $self->{typedefs} }, '';
    $text .= "const unsigned long long abi_numbers[] ABI_IN(\".abi\") = {\n";
    $text .= "    (unsigned long long)($_->{expression}),\n" for @{ $self->{numbers} };
    $text .= "};\n";
    my $n = 0;
    for my $struct (@{ $self->{bit_order} }) {
        $text .= "const $struct abi_bits_$n\[] ABI_IN(\".abi$n\") = {\n";
        $text .= "    {.$_->{member} = -1},\n" for @{ $self->{bit_fields}{$struct} };
        $text .= "};\n";
        $n++;
    }
    $text .= "void *const abi_references[] ABI_IN(\".abiref\") = {\n";
    $text .= "    (void *)$_,\n" for sort values %{ $self->{symbols} };
    $text .= "};\n";
    $text .= "IDE_PHYSICAL_ADDRESS NTAPI abi_return(void);\n"
        . "IDE_PHYSICAL_ADDRESS NTAPI abi_return(void)\n{\n    IDE_PHYSICAL_ADDRESS address;\n"
        . "    address.QuadPart = ${returned}ll;\n    return address;\n}\n";
    return $text;
}

# ---------------------------------------------------------------------------- the answers

sub run_command {
    my (@command) = @_;
    my $pid = open(my $out, '-|') // die "fork: $!\n";
    if (!$pid) {
        open STDERR, '>&', \*STDOUT;
        exec @command or exit 127;
    }
    my $text = do { local $/; <$out> } // '';
    close $out;
    return ($? == 0, $text);
}

sub write_file {
    my ($path, $text) = @_;
    open my $out, '>', $path or die "$path: $!\n";
    print $out $text;
    close $out or die "$path: $!\n";
}

# The kernel's binutils, which read PE as well.
sub tool { return ($_[0]{configuration}{tools} // '') . $_[1] }

sub section {
    my ($self, $object, $name) = @_;
    my ($good, $text) = run_command($self->tool('objcopy'), '-O', 'binary', "--only-section=$name",
        "--set-section-flags=$name=alloc,contents", $object, "$object$name");
    die "objcopy: $text" if !$good;
    open my $in, '<:raw', "$object$name" or die "$object$name: $!\n";
    local $/;
    return <$in> // '';
}

# Compiles and compares. Returns the failures; counts is filled in.
sub check {
    my ($self, $folder) = @_;
    my ($source, $object) = ("$folder/layout.c", "$folder/layout.o");
    write_file($source, $self->source);
    my ($good, $text) = run_command(@{ $self->{configuration}{compiler} }, '-Wno-overflow',
        '-Wno-unknown-warning-option', '-Wno-bitfield-constant-conversion', '-c', $source, '-o', $object);
    if (!$good) {
        $self->fail($_) for grep { /error:/ } split /\n/, $text;
        $self->fail($text) if !@{ $self->{failures} };
        return @{ $self->{failures} };
    }
    $self->compare_numbers($self->section($object, '.abi'));
    my $n = 0;
    $self->compare_bits($_, $self->section($object, '.abi' . $n++)) for @{ $self->{bit_order} };
    $self->compare_symbols((run_command($self->tool('nm'), '-u', $object))[1]);
    $self->compare_return((run_command($self->tool('objdump'), '-d', $object))[1]);
    $self->compare_parameters((run_command(@{ $self->{configuration}{compiler} }, '-E', '-P', '-dD', $source))[1]);
    return @{ $self->{failures} };
}

sub compare_numbers {
    my ($self, $bytes) = @_;
    my @values = unpack 'q<*', $bytes;
    for my $item (@{ $self->{numbers} }) {
        my $value = shift @values // 'nothing';
        $self->fail("$item->{label}: the table says $item->{expected}, the compiler $value")
            if $value ne $item->{expected};
    }
}

sub compare_bits {
    my ($self, $struct, $bytes) = @_;
    my ($size) = map { $_->{expected} } grep { $_->{label} eq "sizeof $struct" } @{ $self->{numbers} };
    for my $field (@{ $self->{bit_fields}{$struct} }) {
        my $bits = unpack 'b*', substr $bytes, 0, $size, '';
        my $wanted = '0' x (8 * $size);
        substr $wanted, $field->{first}, $field->{width}, '1' x $field->{width};
        next if $bits eq $wanted;
        my $found = $bits =~ /^(0*)(1+)0*$/ ? sprintf 'bits %d to %d', length $1, length("$1$2") - 1 : 'others';
        $self->fail(sprintf '%s: the table says bits %d to %d, the compiler %s', $field->{label},
            $field->{first}, $field->{first} + $field->{width} - 1, $found);
    }
}

sub compare_symbols {
    my ($self, $text) = @_;
    my %undefined = map { $_ => 1 } $text =~ /^\s*U\s+(\S+)$/mg;
    for my $symbol (sort keys %{ $self->{symbols} }) {
        $self->fail("$self->{symbols}{$symbol}: the compiler does not refer to it as $symbol")
            if !delete $undefined{$symbol};
    }
    $self->fail("the compiler refers to $_, which nothing exports") for sort keys %undefined;
}

# A parameter's name is for people, so only the text shows it: the first place that has a list of them.
sub compare_parameters {
    my ($self, $text) = @_;
    $text =~ s/\s+/ /g;
    for my $name (sort keys %{ $self->{parameters} }) {
        my ($found) = $text =~ /\b$name ?\)? ?\(([^()]*)\)/;
        my ($listed, $declared) = map { join ', ', /(\w+|\.\.\.) ?(?:,|$)/g } $self->{parameters}{$name}, $found // '';
        $self->fail("$name: the table names its parameters $listed, the headers $declared") if $listed ne $declared;
    }
}

# A physical address comes back in RAX, on i386 in EDX:EAX: not in memory.
sub compare_return {
    my ($self, $text) = @_;
    my @moves = $self->{bits} == 64
        ? "movabs \$$returned,%rax"
        : ('mov    $0x55667788,%eax', 'mov    $0x11223344,%edx');
    for my $move (@moves) {
        $self->fail("IDE_PHYSICAL_ADDRESS is not returned in registers: no '$move'")
            if index($text, $move) < 0;
    }
}

1;
