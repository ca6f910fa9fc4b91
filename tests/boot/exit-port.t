#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# The port through which the kernel ends QEMU. A machine without one is told so; one whose QEMU goes on for a few
# instructions after the write is not.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More tests => 4;

# QEMU, with another device in the place of that one.
sub machine_with {
    my ($device) = @_;
    my $qemu = $ENV{QEMU} || 'qemu-system-' . ($ENV{ARCH} || 'x86_64');
    spill("$scratch/qemu", <<"SCRIPT");
#!/usr/bin/env bash
for word; do
  [[ \$word == isa-debug-exit,* ]] && words+=('$device') || words+=("\$word")
done
exec $qemu "\${words[\@]}" -chardev null,id=nothing
SCRIPT
    chmod 0755, "$scratch/qemu";
    return boot(QEMU => "$scratch/qemu", DISK => 'none', MINIPORT => 'none', CMD => 'help', TIMEOUT => 20);
}

my $sentence = qr/^The machine has no exit port \(isa-debug-exit\): halted with code 0x10\.$/m;
my $run = machine_with('pci-testdev');
exit_code_is($run, 5, 'a machine without the exit port runs until the time-out');
like($run->{console}, $sentence, 'and says why');

# A port that can be read and does not end QEMU, as isa-debug-exit for a while.
$run = machine_with('isa-debugcon,chardev=nothing,iobase=0xf4');
exit_code_is($run, 5, 'a machine whose exit port does nothing');
unlike($run->{console}, $sentence, 'has one all the same');
