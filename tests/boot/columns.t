#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# What the shell prints for a person fits the terminal: help, tables, lists, the progress bar, the line that is typed.
# Where no terminal reads, tables are whole and other lines are made for 80 columns.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use List::Util 'max';
use Test::More;
use Witness;

my $model = 'A disk whose model has forty characters,';
my $disk = sparse_image('wide.img', 8 << 30);
my @disk = (DISK => $disk, QEMU_EXTRA => "-global\nide-hd.model=$model");

sub longest { return max map { length } split /\n/, $_[0] }

my $run = boot(@disk, CMD => 'help; devices; identify 0');
cmp_ok(longest(output_of($run, 'help')), '<=', 80, 'no terminal: help is made for 80 columns');
cmp_ok(longest(output_of($run, 'help')), '>=', 70, 'and uses them');
like(output_of($run, 'devices'), qr/^0 .* \Q$model\E +8\.0 GiB /m, 'a table is whole');

SKIP: {
    skip 'there are no pseudo terminals here', 1 if !-w '/dev/ptmx' || !glob '/dev/pts/*';
    my %help;
    for my $columns (50, 100, 200) {
        my $session = start(@disk, terminal => 1, columns => $columns);
        $session->expect(qr/^> \z/m, 30);

        $session->type("help\r");
        $session->expect(qr/\n> \z/);
        my ($help) = $session->{text} =~ /.*^> help\n(.*)^> \z/ms;
        cmp_ok(longest($help), '<=', $columns, "$columns columns: help fits");
        cmp_ok(longest($help), '>', $columns / 2, 'and uses them');
        $help{$columns} = join ' ', split ' ', $help;

        $session->type("devices\r");
        $session->expect(qr/\n> \z/);
        my ($devices) = $session->{text} =~ /.*^> devices\n(.*)^> \z/ms;
        my ($row) = $devices =~ /^(0 .*)$/m;
        cmp_ok(length $row, '<=', max($columns, 72), 'a device is one line of the terminal, or as short as can be');
        like($row, $columns < 104 ? qr/ A disk w.* 8\.0 GiB .*LBA28$/ : qr/ \Q$model\E +8\.0 GiB .*LBA28$/,
            'with as much of its model as fits');

        $session->type("identify 0\r");
        $session->expect(qr/\n> \z/);
        my ($features) = $session->{text} =~ /^(  Features .*\n(?: {20}.*\n)*)/m;
        cmp_ok(longest($features), '<=', $columns, 'the list of features fits');

        $session->type("sha256 0\r");
        $session->expect(qr/\d+% .*\d+% /s);
        $session->type("\cC");
        my $from = length $session->{text};
        $session->expect(qr/Stopped by Ctrl-C.*\n> \z/);
        my ($drawn) = substr($session->{text}, 0, $from) =~ /.*^> sha256 0\n(.*)/ms;
        my @drawn = $drawn =~ /(.*?)(?=sha256)/g;
        cmp_ok(max(map { length } @drawn), '<', $columns, 'the progress bar fits');

        # A line longer than the terminal scrolls within it: each drawing shows less than a whole row.
        $session->type('x' x 300);
        $session->expect(qr/x{9}[ \b]*\z/, 5);
        sleep 1;
        $session->read_some(1);
        my ($typed) = $session->{text} =~ /.*^(> .*)\z/ms;
        my $most = 0;
        for my $drawing (split /^> |(?<=[x \b])> /m, $typed) {
            my $at = 2;
            for my $byte (split //, $drawing) {
                $at += $byte eq "\b" ? -1 : 1;
                $most = max($most, $at);
            }
        }
        cmp_ok($most, '<', $columns, 'the line that is typed does not wrap');
        cmp_ok($most, '>', $columns - 8, 'and uses the width');
        # The terminal becomes wider while there is a line.
        ioctl $session->{input}, 0x5414, pack 'S4', 24, $columns + 20, 0, 0 or die "TIOCSWINSZ: $!";
        ok($session->expect(qr{> x+ *[\x08]*\z}), 'a new size, and the line is drawn anew');
        $session->type("\cUhelp\r");
        $session->expect(qr{before\.\n> \z});
        ($help) = $session->{text} =~ m{.*> [ \x08]*help\n(.*)^> \z}ms;
        cmp_ok(longest($help), '<=', $columns + 20, 'help fits it');
        cmp_ok(longest($help), '>', $columns, 'and uses it') if $columns == 50;
        $session->type("\cUpoweroff\r");
        exit_code_is($session->finish, 0, 'the end');
    }
    is($help{50}, $help{200}, 'narrow or wide, help says the same');
}

done_testing();
