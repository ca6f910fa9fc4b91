#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The driver under the probes (tests/probes/base) is a correct one as long as no case is armed: it drives
# disk and CD on PCI and ISA, by DMA and PIO, gets over requests that fail, and
# STRICT=1 finds nothing.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my $probe = 'build/' . ($ENV{ARCH} // 'x86_64') . '/probes/rules.sys';
my $classes = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\CriticalDeviceDatabase';
my $channel = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\rules\Controller0\Channel0';
my $disk = random_image('disk.img', 1 << 20, 1);
my $cd = random_image('cd.iso', 512 << 10, 2);

sub boot_base {
    my ($name, $values, %words) = @_;
    my $hive = spill("$scratch/hive.reg", <<"END");
Windows Registry Editor Version 5.00

[$classes\\*PNP0600]
"Service"="rules"

[$classes\\PCI#CC_0101]
"Service"="rules"

[$channel]
$values
END
    my $run = boot(DISK => $disk, CDROM => $cd, MINIPORT => $probe, HIVE => $hive, STRICT => 1,
        CMD => 'sha256 0; sha256 cd0; copy 0 100 0 1000 200; sha256 0 1000 200; flush 0; verify 0 0 64; '
            . 'stop 0.0; stop 0.1; start 0.0; start 0.1; sha256 0 100 200; sha256 cd0; mode 0; rules', %words);
    exit_code_is($run, 0, "$name: no command fails");
    my $part = sha256_of($disk, 100 * 512, 200 * 512);
    is(join(' ', $run->{console} =~ /^([0-9a-f]{64})  /mg),
        join(' ', sha256_of($disk), sha256_of($cd), $part, $part, sha256_of($cd)), "$name: data is right");
    like($run->{console}, qr/^No rule was broken\.$/m, "$name: no rule is broken");
    return $run;
}

my $run = boot_base('pc', '');
like($run->{console}, qr/^  Data +bus-master DMA, MW DMA 2$/m, 'pc: by DMA');
$run = boot_base('PIO', '"DmaAllowed"=dword:00000000');
like($run->{console}, qr/^  Selected +PIO 4$/m, 'PIO: by PIO');
boot_base('q35', '', MACHINE => 'q35', CONTROLLER => 'piix4-ide');
boot_base('isapc', '', MACHINE => 'isapc');
boot_base('overlapped', '"Overlapped"=dword:00000020');

# A drive without a medium fails requests, with sense data.
{
    my $empty = boot(DISK => $disk, CDROM => 'none', MINIPORT => $probe, STRICT => 1,
        HIVE => "$scratch/other.reg", CMD => 'read cd0 0; sha256 0; rules');
    exit_code_is($empty, 1, 'a read without a medium fails');
    like($empty->{console}, qr/not present|no medium/i, 'as its sense data says');
    like($empty->{console}, qr/^No rule was broken\.$/m, 'and no rule is broken');
}

done_testing();
