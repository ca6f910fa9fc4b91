#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Debugging with GDB: stopped in the driver's DriverEntry, then in its IdeHwStartIo, with the IRB's members
# and a stack that reaches from the driver through the port into the shell.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;
use Time::HiRes qw(sleep);

my $arch = $ENV{ARCH} // 'x86_64';

# Waits for the socket that GDB=socket makes, and runs GDB's commands; returns what it printed.
sub gdb {
    my ($run_dir, @commands) = @_;
    for (1 .. 200) {
        last if -S "$run_dir/gdb.sock";
        sleep 0.05;
    }
    # The socket's path could be too long for the system's interface: go there.
    my ($code, $output) = command('sh', '-c', 'cd "$0" && shift && exec "$@"', $run_dir, 'sh',
        qw(timeout 60 gdb -q -nx -batch -x), "$top/tools/gdb/ataport.py",
        '-ex', 'set width 0', '-ex', 'target remote gdb.sock', '-ex', "cd $top", (map { ('-ex', $_) } @commands), "$top/build/$arch/kernel.elf");
    is($code, 0, 'GDB runs the session') or diag($output);
    return $output;
}

my %words = (GDB => 'socket', GDB_WAIT => 1, CMD => 'read 0 0', DISK => random_image('disk.img', 1 << 20, 3));

my $session = start(MODE => undef, %words);    # ends by itself, after the command
my $output = gdb($session->{run_dir}, 'continue', 'info line', 'backtrace',
    'break PataStartIo', 'continue', 'printf "function %#x\n", Irb->Function', 'print *Irb', 'backtrace',
    'delete', 'detach');
my $run = $session->finish;
exit_code_is($run, 0, 'the guest goes on and ends');

like($output, qr/^pata\.sys is loaded at 0x[0-9a-f]+$/m, 'the driver is found when it is loaded');
like($output, qr{^Temporary breakpoint \d+, DriverEntry\b.*\bminiport/pata/driver\.c:\d+}m,
    'GDB stops in its DriverEntry, with file and line');
like($output, qr/^#0 +(?:0x[0-9a-f]+ in )?DriverEntry\b.*\n(?:#.*\n)*?#\d+ .*\bkernel_main\b/m,
    'called from the kernel');
like($output, qr{^Breakpoint \d+, (?:0x[0-9a-f]+ in )?PataStartIo \(.*\bminiport/pata/\w+\.c:\d+}m, 'GDB stops in IdeHwStartIo');
like($output, qr/^function 0x[0-9a-f]+$/m, "the IRB's function can be read");
like($output, qr/IrbStatus = .*\n(?:.*\n)*? *IdeTaskFile = /, 'and all its members');
like($output, qr{^#0 +(?:0x[0-9a-f]+ in )?PataStartIo\b.*\n#1 .*\bport/request/\w+\.c:\d+\n}m,
    "the driver's caller is the port's request code");
like($output, qr{^#\d+ .*\bport/controller\.c:\d+\n(?:#.*\n)*?#\d+ .*\bkernel_main\b.*\bboot/main\.c:\d+}m,
    'and the stack goes on through the port to the kernel');

# ------------------------------------------------------------------ GDB=1, and make debug

$session = start(GDB => 1, DISK => 'none');
ok($session->expect(qr/^GDB: target remote 127\.0\.0\.1:(\d+) /m), 'GDB=1 says which port it opened');
my ($port) = $session->{text} =~ /127\.0\.0\.1:(\d+)/;
ok($session->expect(qr/^> /m), 'and the guest runs as usual');
my ($code, $printed) = command(qw(timeout 60 gdb -q -nx -batch -x tools/gdb/ataport.py),
    '-ex', "target remote 127.0.0.1:$port", '-ex', 'backtrace', '-ex', 'drivers', '-ex', 'info line PataStartIo',
    '-ex', 'detach', "$top/build/$arch/kernel.elf");
like($printed, qr/^#\d+ .*\bkernel_main\b/m, 'GDB finds the kernel there');
like($printed, qr{^Line \d+ of "miniport/pata/\w+\.c" starts at address 0x}m, 'and the driver that is loaded');
$session->type("poweroff\r");
exit_code_is($session->finish, 0, 'and leaves it as it was');

{
    local @ENV{qw(DISK HIVE)} = ('none', "$scratch/registry.reg");
    ($code, $printed) = command(qw(timeout 60 tools/debug.sh -batch -ex backtrace));
}
is($code, 0, 'what `make debug` runs');
like($printed, qr{^#0 .*\bDriverEntry\b.*\bminiport/pata/driver\.c}m, 'stops in DriverEntry');
my ($left) = $printed =~ m{ (build/run/debug\.\d+)/console};
ok(defined $left && !-e $left, 'and leaves nothing behind');

done_testing();
