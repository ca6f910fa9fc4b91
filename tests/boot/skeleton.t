#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# `make new-miniport`: what it writes compiles without a warning, binds, and reads a disk by PIO with no
# rule broken; it overwrites nothing, and refuses names that cannot be a driver's.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use File::Glob ':bsd_glob';    # blanks in a path do not end it
use Witness;
use File::Temp qw(tempdir);
use Test::More;

# Outside of the tree, where a user's would be, with a blank in its path.
my $place = tempdir('skeleton XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $folder = "$place/mine_1";

sub new_miniport {
    my (%words) = @_;
    return command('make', '--no-print-directory', 'new-miniport', map { "$_=$words{$_}" } sort keys %words);
}

# ------------------------------------------------------------------ what is written

my ($code, $output) = new_miniport(NAME => 'mine_1', DIR => $place);
is($code, 0, 'make new-miniport') or diag($output);
(my $word = $folder) =~ s/ /\\ /g;
like($output, qr/make run MINIPORT='\Q$word\E'$/m, 'says what to type next');
is_deeply([map { s{.*/}{}r } sort glob "$folder/*"], [qw(README.md mine_1.c mine_1.reg)], 'writes three files');
unlike(join('', map { slurp("$folder/$_") } qw(README.md mine_1.c mine_1.reg)), qr/skeleton/i,
    'with its own name in them');

my $before = slurp("$folder/mine_1.c");
spill("$folder/mine_1.c", "mine\n");
unlink "$folder/README.md";
for my $where ($place, $folder, "$folder/") {
    ($code, $output) = new_miniport(NAME => 'mine_1', DIR => $where);
    isnt($code, 0, "again, with DIR=$where");
    like($output, qr{mine_1/mine_1\.c is there already; nothing was written}, 'is refused');
}
ok(slurp("$folder/mine_1.c") eq "mine\n" && !-e "$folder/README.md", 'and writes nothing');
for my $name ('', 'a b', '../x', '1x', 'x.c', 'pata', 'PATA', 'none', 'x;y', '$x', "it's", 'x' x 33) {
    ($code, $output) = new_miniport(NAME => $name, DIR => $place);
    like($output, qr/^new-miniport: /m, "NAME=$name is refused");
}
($code, $output) = new_miniport(NAME => 'x');
like($output, qr/^new-miniport: say which name and where/m, 'no DIR is, too');
is_deeply([map { s{.*/}{}r } glob "$place/*"], ['mine_1'], 'and nothing was written for them');
spill("$folder/mine_1.c", $before);

# ------------------------------------------------------------------ that it works

my $disk = random_image('disk.img', 1 << 20, 'skeleton');
my %words = (MINIPORT => $word, DISK => $disk, DISK1 => random_image('slave.img', 2 << 20, 'slave'),
    STRICT => 1, QEMU_EXTRA => $trace, CMD => 'identify 0; mode 0; sha256 0 0 1; sha256 0; sha256 1; '
        . 'verify 0; flush 0; stop 0.0; start 0.0; sha256 0; rules');
for my $machine (qw(pc q35 isapc)) {
    my $run = boot(%words, machine_with_ide($machine));
    exit_code_is($run, 0, "$machine: untouched, it runs");
    unlike($run->{console}, qr/warning:/, 'it compiled without a warning');
    like(output_of($run, 'mode 0'), qr/^  Driver +mine_1\.sys$/m, 'it has the disk');
    like(output_of($run, 'identify 0'), qr/^  Model +QEMU HARDDISK$/m, 'which it identified');
    is(digest_in($run, 'sha256 0 0 1'), sha256_of($disk, 0, 512), 'and reads the first sector');
    is(digest_in($run, 'sha256 0'), sha256_of($disk), 'and all of it');
    is(digest_in($run, 'sha256 1'), sha256_of("$scratch/slave.img"), 'the slave, too');
    is(commands_seen($run)->{'primary master'}, 'READ SECTORS, LBA28', 'by PIO alone');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');
}

done_testing();
