#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Are the headers in include/ddi what the tables of the interface say, for every compiler that meets them?
#
# The kernel's compiler (KERNEL_CC) and the one for x86_64 drivers (MINGW64_CC) must be there; the others
# (MINGW32_CC, CLANG) are asked when they are. CROSS is put before the names of the kernel's tools.
# The last test changes rows of the tables and wants each change to be noticed.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Glob ':bsd_glob';    # blanks in a path do not end it
use File::Temp qw(tempdir);

$ENV{LC_ALL} = 'C';    # what programs say is read here
my ($here, $top);

BEGIN {
    $here = dirname(abs_path($0));
    $top  = dirname(dirname($here));
    unshift @INC, "$top/tools/abi", "$top/tools";
}
use Behaviour;
use Layout;
use Routines;
use Tables;

my $headers = "$top/include/ddi";
my $folder  = tempdir('abi-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $cross   = $ENV{CROSS} // '';

my @kernel   = split ' ', $ENV{KERNEL_CC}  // "${cross}gcc";
my @mingw64  = split ' ', $ENV{MINGW64_CC} // 'x86_64-w64-mingw32-gcc';
my @mingw32  = split ' ', $ENV{MINGW32_CC} // 'i686-w64-mingw32-gcc';
my @clang    = split ' ', $ENV{CLANG}      // (grep { found($_) } qw(clang clang-14))[0] // 'clang';
my @strict   = qw(-std=gnu11 -ffreestanding -Wall -Wextra -Wshadow -Wundef -Wvla -Wstrict-prototypes);
# As for the build, a warning is a fault where WERROR=1 says so: newer compilers have other warnings.
my @werror = ($ENV{WERROR} // '') eq '1' ? '-Werror' : ();
push @strict, @werror;
my @as_elf   = qw(-fshort-wchar -mgeneral-regs-only);

my @configurations = (
    { name => 'x86_64 kernel, gcc', bits => 64, symbols => 'plain', required => 1,
        compiler => [ @kernel, '-m64', @as_elf ] },
    { name => 'i386 kernel, gcc', bits => 32, symbols => 'plain',
        compiler => [ @kernel, '-m32', '-freg-struct-return', @as_elf ] },
    { name => 'x86_64 driver, mingw-w64 gcc', bits => 64, symbols => 'amd64', windows => 1, required => 1,
        compiler => [@mingw64] },
    { name => 'i386 driver, mingw-w64 gcc', bits => 32, symbols => 'underscore', windows => 1,
        compiler => [ @mingw32, '-mrtd' ] },
    { name => 'x86_64 driver, clang', bits => 64, symbols => 'amd64', windows => 1,
        compiler => [ @clang, '-target', 'x86_64-pc-windows-gnu' ] },
    { name => 'i386 driver, clang', bits => 32, symbols => 'i386', windows => 1,
        compiler => [ @clang, '-target', 'i686-pc-windows-gnu', '-mrtd' ] },
);

# ---------------------------------------------------------------------------- TAP

my $done = 0;

sub report {
    my ($name, @failures) = @_;
    $done++;
    print @failures ? 'not ' : '', "ok $done - $name\n";
    print "#   $_\n" for map { split /\n/ } @failures > 20 ? (@failures[ 0 .. 19 ], '...') : @failures;
}

sub skip {
    my ($name, $why) = @_;
    $done++;
    print "ok $done - $name # SKIP $why\n";
}

sub found {
    my ($program) = @_;
    return -x $program if $program =~ m{/};
    return scalar grep { -x "$_/$program" } split /:/, $ENV{PATH};
}

# ---------------------------------------------------------------------------- tests

# Every header compiles when it is the only one included, and when it is included twice.
sub alone {
    my (@compiler) = @_;
    my @failures;
    for my $header (map { s{^\Q$headers/}{}r } (glob "$headers/*.h"), glob "$headers/*/*.h") {
        Layout::write_file("$folder/alone.c", "#include <$header>\n" x 2);
        my ($good, $text) = Layout::run_command(@compiler, @strict, '-I', $headers, '-fsyntax-only',
            "$folder/alone.c");
        push @failures, $text if !$good;
    }
    return @failures;
}

# A driver's ways of writing; what it refers to afterwards is a routine of the port, or one of the four that a
# freestanding compiler may call for what it makes itself, and miniport/support has.
sub words {
    my ($configuration) = @_;
    my @failures;
    for my $optimisation (qw(-O0 -O2)) {
        my ($good, $text) = Layout::run_command(@{ $configuration->{compiler} }, @strict, $optimisation,
            qw(-Wno-old-style-declaration -Wno-unknown-warning-option), '-I', $headers, '-c', "$here/driver_words.c", '-o', "$folder/words.o");
        push @failures, $text if !$good;
        next if !$good;
        ($good, $text) = Layout::run_command("${cross}nm", '-u', "$folder/words.o");
        push @failures, map { "$optimisation: refers to $_" } grep { !/^_?(?:AtaPort|mem(?:cpy|move|set|cmp)$)/ } $text =~ /\bU\s+(\S+)/g;
    }
    return @failures;
}

# Every annotation of the kits stands for nothing, with the arguments that it has there.
sub annotations {
    my (@compiler) = @_;
    my $text = "#include <miniport.h>\n#define TEXT_(...) #__VA_ARGS__\n#define TEXT(...) TEXT_(__VA_ARGS__)\n";
    for my $row (@{ Tables::read_table("$here/tables/sal-names.tsv") }) {
        my ($name, $count) = @$row{qw(name arguments)};
        my $use = $name . ($count eq '-' ? '' : '(' . join(', ', 1 .. $count) . ')');
        $text .= "#ifndef $name\n#error \"$name is not there\"\n#endif\n"
            . "C_ASSERT(sizeof(TEXT(before $use after)) == sizeof \"before after\");\n";
    }
    Layout::write_file("$folder/annotations.c", $text);
    my ($good, $said) = Layout::run_command(@compiler, '-I', $headers, '-fsyntax-only', "$folder/annotations.c");
    return $good ? () : $said;
}

# A driver in C++: names as in C.
sub words_of_cpp {
    my ($compiler) = @_;
    my @failures;
    for my $debug (0, 1) {
        my ($good, $text) = Layout::run_command(@$compiler, qw(-std=gnu++11 -ffreestanding -Wall -Wextra -O1), @werror,
            "-DDBG=$debug", '-I', $headers, '-c', "$here/driver_words.cc", '-o', "$folder/words.o");
        push @failures, $text if !$good;
        next if !$good;
        ($good, $text) = Layout::run_command("${cross}nm", "$folder/words.o");
        push @failures, 'DriverEntry is not there under this name' if $text !~ /\bT _?DriverEntry(?:\@8)?$/m;
        push @failures, map { "refers to $_" } grep { !/^_?(?:AtaPort\w+(?:\@\d+)?|memset)$/ } $text =~ /\bU\s+(\S+)/g;
    }
    return @failures;
}

sub interlocked {
    my ($good, $text) = Layout::run_command(@kernel, '-m64', @strict, '-O2', '-I', $headers, "$here/interlocked.c",
        '-o', "$folder/interlocked");
    return $text if !$good;
    ($good, $text) = Layout::run_command("$folder/interlocked");
    return $good ? () : 'one of them does something else';
}

# The port's own list of exports holds what Windows' images export, and with the same argument bytes.
sub export_list {
    my ($tables) = @_;
    my (%ours, @failures);
    for my $export (grep { is_export($_) } read_routines("$top/port/contract/routines.def")) {
        $ours{$_}{ $export->{name} } = $export->{stack} for @{ $export->{modules} };
    }
    for my $row (@{ $tables->{exports} }) {
        my ($module, $name) = ($row->{module} =~ s/\.\w+$//r, $row->{export_name});
        my $stack = $row->{type} eq 'const' ? 'data'
            : $row->{i386_link_symbol} =~ /\@(\d+)$/ ? $1 : 'variadic';
        my $listed = $ours{$module}{$name};
        push @failures, "$name of $module: " . (defined $listed ? "$listed, not $stack" : 'not in port/contract/routines.def')
            if ($listed // '') ne $stack;
    }
    return @failures;
}

sub counts {
    my ($counts) = @_;
    return join ', ', map { "$counts->{$_} $_" } grep { $counts->{$_} } 'structures', 'members', 'bit-fields',
        'constants', 'routines', 'wrappers', 'callbacks', 'macros', 'link symbols', 'second spellings',
        'basic types';
}

sub layout {
    my ($tables, $configuration) = @_;
    my $compiler = [ @{ $configuration->{compiler} }, qw(-std=gnu11 -O2 -ffreestanding -I), $headers ];
    my $layout = Layout->new($tables, { %$configuration, compiler => $compiler, tools => $cross });
    my @failures = $layout->check($folder);
    return ($layout->{counts}, @failures);
}

sub behaviour {
    my ($tables) = @_;
    my $behaviour = Behaviour->new($tables);
    my @failures = $behaviour->check($folder, @kernel, '-m64', @werror, qw(-std=gnu11 -O1 -Wall -Wextra -I), $headers);
    return ($behaviour->{counts}, @failures);
}

# ---------------------------------------------------------------------------- changed rows

# table, first cells of the row, column, new value, what the report of it has to match
my @changes = (
    [ members   => 'IDE_REQUEST_BLOCK DataBuffer',          offset64   => 48,    qr/offset of IDE_REQUEST_BLOCK\.DataBuffer/ ],
    [ members   => 'IDE_REQUEST_BLOCK Cdb',                 type       => 'CHAR[16]', qr/IDE_REQUEST_BLOCK\.Cdb is a/ ],
    [ members   => 'IDE_DEVICE_PARAMETERS (sizeof)',        size64     => 48,    qr/sizeof IDE_DEVICE_PARAMETERS/ ],
    [ members   => 'IDE_REGISTERS_1 (anonymous)',           size64     => 4,     qr/unnamed union at 16/ ],
    [ members   => 'IDENTIFY_DEVICE_DATA CommandSetSupport.BigLba', bit_offset => 11, qr/CommandSetSupport\.BigLba/ ],
    [ members   => 'IDE_LBA_RANGE SectorCount',             bit_width  => 15,    qr/IDE_LBA_RANGE\.SectorCount/ ],
    [ constants => 'define IRB_STATUS_BUSY',                value      => '0x8', qr/IRB_STATUS_BUSY/ ],
    [ constants => 'enum IdeBusSata',                       value      => 2,     qr/IdeBusSata/ ],
    [ routines  => 'AtaPortStallExecution',                 parameters => 'USHORT Delay', qr/AtaPortStallExecution is a/ ],
    [ routines  => 'AtaPortLogError',                       parameters => 'PVOID ChannelExtension, PIDE_ERROR_LOG_ENTRY Entry', qr/AtaPortLogError: .* names its parameters/ ],
    [ routines  => 'IDE_HW_DPC',                            return     => 'BOOLEAN', qr/IDE_HW_DPC is a/ ],
    [ routines  => 'AtaPortRequestTimer',                   detail     => '(IdeTimerRoutine, ChannelExtension, CallBackRoutine, 0)', qr/AtaPortRequestTimer: .* not so/ ],
    [ routines  => 'IsAtapiCommand',                        detail     => 'Function & 0x100', qr/IsAtapiCommand: .* not so/ ],
    [ routines  => 'IdeMapAtaCommandToIrbFunction',         detail     => 'stores in irbFunc: EC give 0x101; else 0x100', qr/IdeMapAtaCommandToIrbFunction: .* not so/ ],
    [ routines  => 'GetIrbErrorReg',                        detail     => 'the error', qr/GetIrbErrorReg: .*not understood/ ],
    [ exports   => 'pciidex.sys AtaPortSetBusData',         amd64_link_symbol => 'AtaPortSetBus', qr/AtaPortSetBusData: .* AtaPortSetBus$/ ],
    [ types     => 'WCHAR',                                 size64     => 4,     qr/sizeof WCHAR/ ],
    [ spellings => 'StopChannel',                           header     => 'IdeStart', qr/StopChannel/ ],
);
my %leading = (members => [qw(struct member)], constants => [qw(kind name)], routines => ['name'],
    exports => [qw(module export_name)], types => ['type'], spellings => ['documented']);

sub changed_rows {
    my ($configuration) = @_;
    my $tables = Tables::read_all("$here/tables");
    my @missed;
    for my $change (@changes) {
        my ($table, $key, $column, $value) = @$change;
        my ($row) = grep { join(' ', @$_{ @{ $leading{$table} } }) eq $key } @{ $tables->{$table} };
        if ($row) {
            $row->{$column} = $value;
        } else {
            push @missed, "no row '$key'";
        }
    }
    my (undef, @reports) = layout($tables, $configuration);
    (undef, my @more) = behaviour($tables);
    for my $change (@changes) {
        push @missed, "not noticed: $change->[1], $change->[2] = $change->[3]"
            if !grep { /$change->[4]/ } @reports, @more;
    }
    return @missed;
}

# ---------------------------------------------------------------------------- the run

my $tables = Tables::read_all("$here/tables");
my %cpp = (
    'mingw-w64 g++' => [ $mingw64[0] =~ s/gcc$/g++/r ],
    'clang, x86_64' => [ @clang, qw(-x c++ -target x86_64-pc-windows-gnu) ],
    'clang, i386' => [ @clang, qw(-x c++ -target i686-pc-windows-gnu -mrtd) ],
);
print '1..', 2 * @configurations + (grep { $_->{windows} } @configurations) + keys(%cpp) + 5, "\n";
for my $configuration (@configurations) {
    my ($name, @compiler) = ($configuration->{name}, @{ $configuration->{compiler} });
    if (!$configuration->{required} && !found($compiler[0])) {
        skip("$name: $_", "no $compiler[0]") for 'layout', 'annotations', $configuration->{windows} ? 'a driver\'s words' : ();
        next;
    }
    my ($counts, @failures) = layout($tables, $configuration);
    report("$name: " . counts($counts), @failures);
    report("$name: annotations are nothing", annotations(@compiler));
    report("$name: a driver's words", words($configuration)) if $configuration->{windows};
}
for my $name (sort keys %cpp) {
    if (found($cpp{$name}[0])) {
        report("C++, $name: a driver's words", words_of_cpp($cpp{$name}));
    } else {
        skip("C++, $name: a driver's words", "no $cpp{$name}[0]");
    }
}
report('Interlocked*', interlocked());
report('each header alone', alone(@kernel, '-m64', @as_elf));
my ($counts, @failures) = behaviour($tables);
report('what they do: ' . counts($counts), @failures);
report('port/contract/routines.def exports what Windows does', export_list($tables));
report(@changes . ' changed rows are noticed', changed_rows($configurations[2]));
exit 0;
