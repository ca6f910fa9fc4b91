#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# How drivers are built: the list of exports and what is made from it, and miniport/rules.mk with all
# that people do to it. Needs the compilers for both machines' drivers. Started from the top of the tree.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my %triple = (x86_64 => 'x86_64-w64-mingw32', i386 => 'i686-w64-mingw32');
my $scratch = tempdir('miniport-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $list = 'port/contract/routines.def';
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES MAKEFILES ARCH BUILD BUILD_PHASE V MINIPORT_CROSS)};
$ENV{LC_ALL} = 'C';    # what programs say is read here

sub slurp {
    my ($path) = @_;
    open my $in, '<:raw', $path or die "$path: $!\n";
    local $/;
    return <$in>;
}

sub spill {
    my ($path, $text) = @_;
    open my $out, '>:raw', $path or die "$path: $!\n";
    print $out $text;
    close $out or die "$path: $!\n";
    return $path;
}

# Runs a command; returns its exit code and what it printed, errors included.
sub run {
    my (@words) = @_;
    my $pid = open(my $output, '-|') // die "fork: $!\n";
    if (!$pid) {
        open STDERR, '>&', \*STDOUT;
        exec @words;
        exit 127;
    }
    my $text = do { local $/; <$output> } // '';
    close $output;
    return ($? >> 8, $text);
}

sub output_of { return (run(@_))[1] }

# ---------------------------------------------------------------- the list

my @names = slurp($list) =~ /^(?:ROUTINE|EXPORT|PLACE)\((\w+),/mg;
my $def = output_of('tools/exports.pl', 'def', 'x86_64', 'ntoskrnl.exe', $list);
is($def, "LIBRARY ntoskrnl.exe\nEXPORTS\nKeBugCheckEx\nKeTickCount DATA\n",
    'an import library has what its module exports, and memory routines are for ready images only');
is(scalar(() = output_of('tools/exports.pl', 'markdown', $list) =~ /^\| `/mg), scalar @names,
    'the list for people has every name');
my $markdown = output_of('tools/exports.pl', 'markdown', $list);
like($markdown, qr/^\| `AtaPortInitializeEx` \| pciidex\.sys \| 12 \|$/m, 'and says who exports it');
my @wrong = (
    ['EXPORT(AtaPortX, ATAPORT, 4)', 'a row is one of'],
    ["EXPORT(AtaPortX, ATAPORT, 4, x)\n\nAtaPortY", 'a row is one of', 3],
    ['EXPORT(AtaPortX, HAL, 4, x)', q(unknown module 'HAL')],
    ['EXPORT(AtaPortX, ATAPORT, 6, x)', q('6' is no number of bytes)],
    ['EXPORT(AtaPort-X, ATAPORT, 4, x)', 'is no C name'],
    ["EXPORT(AtaPortX, ATAPORT, 4, x)\n/* \n */ EXPORT(AtaPortX, PCIIDEX, 4, x)", 'listed twice', 3],
    ['/* nothing */', 'no export'],
);
for (@wrong) {
    my ($text, $words, $line) = @$_;
    my $path = spill("$scratch/wrong.def", "$text\n");
    my ($code, $output) = run('tools/exports.pl', 'markdown', $path);
    my $where = $words eq 'no export' ? $path : "$path:" . ($line // 1);
    ok($code != 0 && $output =~ /^\Q$where\E: .*\Q$words\E/, "refused: $words");
}

# ---------------------------------------------------------------- building

# Each driver of the makefile is a variable: NAME=path; an external one may have any path.
my $makefile = spill("$scratch/Makefile", <<'END');
Q := $(if $(filter 1,$(V)),,@)
external := $(value EXTERNAL)
include miniport/rules.mk
$(if $(FOLDER),$(eval $(call miniport,driver,$(FOLDER),-Wextra)))
$(if $(EXTERNAL),$(eval $(call external_miniport,odd,$$(external))))
END

# Builds $out/NAME.sys. Returns make's exit code and output.
sub build {
    my ($arch, $out, $name, @words) = @_;
    return run('make', '--no-print-directory', '-rR', '-f', $makefile, "ARCH=$arch", "BUILD=$out",
        @words, "$out/$name.sys");
}

# Builds a driver of one source file that has the given text besides DriverEntry.
sub build_text {
    my ($arch, $text, $entry) = @_;
    my $folder = tempdir(DIR => $scratch);
    spill("$folder/driver.c", "#include <miniport.h>\n"
        . 'NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path);' . "\n$text\n"
        . ($entry // 'NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
                      { (void)driver, (void)path; return use(); }'));
    return (build($arch, "$scratch/$arch", 'driver', "FOLDER=$folder"), "$scratch/$arch/driver.sys");
}

for my $arch (qw(x86_64 i386)) {
    my $out = "$scratch/$arch";
    my $tool = $triple{$arch};
    my ($code, $output) = build($arch, $out, 'driver', 'FOLDER=tests/host/fixtures');
    is($code, 0, "$arch: the sample builds") or diag($output);

    my $headers = output_of("$tool-objdump", '-p', "$out/driver.sys");
    is_deeply([sort $headers =~ /^\s+[0-9a-f]+\s+(?:<none>\s+)?[0-9a-f]+  ([A-Z]\S*)/mg],
        [qw(AtaPortDebugPrint AtaPortGetParentBusType AtaPortStallExecution KeTickCount)],
        "$arch: its imports are undecorated");
    is_deeply([sort $headers =~ /DLL Name: (\S+)/g], [qw(ataport.sys ntoskrnl.exe pciidex.sys)],
        "$arch: and come from the modules that export them");
    like($headers, qr/^Subsystem\s+0+1\s/m, "$arch: it is a native image");

    my $again = tempdir(DIR => $scratch);
    build($arch, $again, 'driver', 'FOLDER=tests/host/fixtures');
    ok(slurp("$again/driver.sys") eq slurp("$out/driver.sys"),
        "$arch: the same sources give the same bytes, elsewhere too");
    unlike(output_of("$tool-nm", map { "$out/miniport/lib$_.a" } qw(pciidex.sys ataport.sys ntoskrnl.exe)),
        qr/ T _?mem(?:cpy|cmp|move|set)/, "$arch: no import library offers the memory routines");

    ($code, $output) = build_text($arch, 'struct big { ULONG numbers[5000]; } a, b; BOOLEAN differ;
        static ULONG use(void) { struct big c = {{1}}; a = b; b = c; return differ; }');
    is($code, 0, "$arch: copies of large structures link") or diag($output);
    ($code, $output) = build_text($arch, 'ULONGLONG a, b; static ULONG use(void) { return (ULONG)(a / b); }');
    is($code, 0, "$arch: divisions of large numbers link") or diag($output);
}

# ---------------------------------------------------------------- decorated names

my $names = output_of("$triple{i386}-nm", "$scratch/i386/miniport/libpciidex.sys.a");
like($names, qr/ T _AtaPortStallExecution$/m, 'gcc -mrtd finds _Name');
like($names, qr/ T _AtaPortStallExecution\@4$/m, 'clang and the WDK find _Name@N');
ok($names =~ / T _AtaPortDebugPrint$/m && $names !~ /_AtaPortDebugPrint\@/, 'variadic routines have no @N');
my $decorated = 'extern VOID NTAPI Stall(ULONG) __asm__("_AtaPortStallExecution@%d");
    static ULONG use(void) { Stall(1); return 0; }';
my ($code, $output, $image) = build_text('i386', sprintf $decorated, 4);
like(output_of("$triple{i386}-objdump", '-p', $image), qr/\s[0-9a-f]+\s+AtaPortStallExecution$/m,
    '_Name@N imports the bare name');
($code, $output) = build_text('i386', sprintf $decorated, 8);
ok($code != 0 && $output =~ /undefined reference/, 'another number of bytes does not link');

# ---------------------------------------------------------------- what people do

($code, $output) = build_text('x86_64', '', 'int somewhere_else(void); int somewhere_else(void) { return 1; }');
ok($code != 0 && $output =~ /driver: no function DriverEntry is defined in '?\Q$scratch\E/,
    'a driver without DriverEntry is told so');
my $odd = "$scratch/it's \$odd, a:b #1/the driver";
mkdir "$scratch/it's \$odd, a:b #1" or die;
mkdir $odd or die;
my @odd_build = ('x86_64', "$scratch/x86_64", 'odd');
$ENV{EXTERNAL} = $odd;
($code, $output) = build(@odd_build);
ok($code != 0 && $output =~ /there are no C files in \Q$odd\E$/m, 'an empty folder is reported by its own name');
spill("$odd/driver.c", slurp('tests/host/fixtures/sample.c'));
spill("$odd/more.c", qq(#include "more.h"\n));
spill("$odd/more.h", "int more(void);\nint more(void)\n{\n    return 1;\n}\n");
($code, $output) = build(@odd_build);
is($code, 0, 'a folder with blanks, quotes, $, commas, colons and # in its path builds') or diag($output);
my $more = (grep { / T more$/ } split /\n/, output_of("$triple{x86_64}-nm", "$scratch/x86_64/odd.sys"))[0];
like(output_of("$triple{x86_64}-addr2line", '-e', "$scratch/x86_64/odd.sys", '0x' . (split ' ', $more)[0]),
    qr{^\Q$odd\E/more\.h:\d}, 'lines are found under its own path');
opendir my $folder, $odd or die;
is_deeply([sort grep { !/^\./ } readdir $folder], [qw(driver.c more.c more.h)], 'nothing was written there');
is((build(@odd_build))[1], '', 'a second make does nothing');
like((build(@odd_build, 'MINIPORT_CFLAGS=-DX'))[1], qr/CC .*more\.c/, 'a changed flag compiles again');
build(@odd_build);
unlink "$odd/more.c";
like((build(@odd_build))[1], qr/LD .*odd\.sys/, 'a removed source links again');
delete $ENV{EXTERNAL};
($code, $output) = build('i386', "$scratch/none", 'driver', 'FOLDER=tests/host/fixtures', 'MINIPORT_CROSS=no-such-');
ok($code != 0 && $output =~ /^no-such-gcc is missing: .*apt-get install gcc-mingw-w64-i686/m,
    'without a compiler make says what to install');

done_testing();
