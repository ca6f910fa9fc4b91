#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# `bench ... write` leaves a disk as it found it: compared outside, with one operation at a time and with many, in all
# sizes, at the end of small disks, and where it is stopped.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use Witness;

my $writes = '-trace ide_exec_cmd -trace process_ncq_command';

for my $case (['pata' => MACHINE => 'pc'], ['pata by PIO' => MACHINE => 'isapc'], ['ahci' => MACHINE => 'q35']) {
    my ($name, @words) = @$case;
    # By PIO, where each takes seconds, those that are another's size and depth again are left out.
    my @more = $name =~ /PIO/ ? () : ('bench 0 write 128K 32', 'bench 0 write 1M 3', 'bench 1 write 4K 256');
    my $disk = random_image('disk.img', 8 << 20, $name);
    my $small = random_image('small.img', 300 << 9, $name);
    my ($before, $small_before) = (sha256_of($disk), sha256_of($small));
    my $run = boot(@words, DISK => $disk, DISK1 => $small, WRITE => 1, QEMU_EXTRA => $writes,
        CMD => join '; ', 'bench 0 write divide=16', 'bench 0 write 4K 32', @more, 'bench 1 write 64K 32', 'rules');
    exit_code_is($run, 0, "$name: writes of all sizes");
    like(output_of($run, 'bench 0 write 4K 32'), qr/^bench port write-4096-depth-32 ops=8192 /m, 'all of them');
    cmp_ok(scalar(() = $run->{qemu_log} =~ /NCQ op 0x61 |exec cmd:.* cmd 0x(?:ca|35|c5|39|30|34)$/mg), '>=', 8192,
        'which QEMU has seen');
    is(sha256_of($disk), $before, 'the disk is as it was');
    is(sha256_of($small), $small_before, 'a small one, too');
    like(output_of($run, 'rules'), qr/^No rule was broken/, 'no rule was broken');
}

my $disk = random_image('disk.img', 64 << 20, 'stopped');
my $before = sha256_of($disk);
my $guest = start(DISK => $disk, WRITE => 1, MACHINE => 'q35');
$guest->expect(qr/> /, 60);
$guest->type("bench 0 write 512 32\r");
select undef, undef, undef, 0.2;
$guest->type("\x03");
ok($guest->expect(qr/Stopped by Ctrl-C|ops=65536/, 60), 'Ctrl-C, wherever it meets it');
$guest->type("poweroff\r");
$guest->finish(60);
is(sha256_of($disk), $before, 'leaves the disk as it was');

done_testing();
