#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The port through which the kernel ends QEMU. A machine without one is told so; one whose QEMU goes on for a few
# instructions after the write is not.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

# QEMU, with another device in the place of that one. Both wait for their time-out, and do it together.
sub machine_with {
    my ($device) = @_;
    my $qemu = $ENV{QEMU} || 'qemu-system-' . ($ENV{ARCH} || 'x86_64');
    spill("$scratch/$device", <<"SCRIPT");
#!/usr/bin/env bash
for word; do
  [[ \$word == isa-debug-exit,* ]] && words+=('$device') || words+=("\$word")
done
exec $qemu "\${words[\@]}" -chardev null,id=nothing
SCRIPT
    chmod 0755, "$scratch/$device";
    return start(QEMU => "$scratch/$device", DISK => 'none', MINIPORT => 'none', MODE => undef, stdin => '', CMD => 'help', TIMEOUT => 8,
        HIVE => "$scratch/$device.reg");
}

my $sentence = qr/^The machine has no exit port \(isa-debug-exit\): halted with code 0x10\.$/m;
my $without = machine_with('pci-testdev');
# A port that can be read and does not end QEMU, as isa-debug-exit for a while.
my $other = machine_with('isa-debugcon,chardev=nothing,iobase=0xf4');
my $run = $without->finish;
exit_code_is($run, 5, 'a machine without the exit port runs until the time-out');
like($run->{console}, $sentence, 'and says why');

$run = $other->finish;
exit_code_is($run, 5, 'a machine whose exit port does nothing');
unlike($run->{console}, $sentence, 'has one all the same');

done_testing();
