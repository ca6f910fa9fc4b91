#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Commands from standard input as editors and other systems write them: with byte order marks, CR LF, comments,
# in UTF-16; and what is no text is refused.
#
# Run on x86_64 alone: nothing of this depends on ARCH.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Encode ();
use Test::More;
use Witness;

my $disk = random_image('disk.img', 1 << 20, 'script');
my $digest = sha256_of($disk);
my $mark = "\x{FEFF}";
my $script = "# a comment; with a ; and a \" in it\nsha256 0   # and one behind a command; help nothing\n\n"
    . "registry list HKLM\\SYSTEM\\CurrentControlSet\\Control\\CriticalDeviceDatabase\\PCI#CC_0101\nhelp devices # caf\x{E9}";
(my $dos = $script) =~ s/\n/\r\n/g;
(my $old_mac = $script) =~ s/\n/\r/g;

my @scripts = (
    ['UTF-8', $script, 'UTF-8'],
    ['UTF-8 with a mark', $mark . $script, 'UTF-8'],
    ['UTF-8 with a mark and CR LF, as Notepad and PowerShell write it', $mark . $dos, 'UTF-8'],
    ['lines that end in CR', $old_mac, 'UTF-8'],
    ['a mark in the middle, where files were put together', "$mark# one\r\n$mark$dos", 'UTF-8'],
    ['UTF-16LE with a mark and CR LF, as PowerShell redirects', $mark . $dos, 'UTF-16LE'],
    ['UTF-16BE with a mark', $mark . $script, 'UTF-16BE'],
    ['UTF-16LE without a mark', $script, 'UTF-16LE'],
    ['ISO 8859-1 in a comment', $script, 'ISO-8859-1'],
);
for my $one (@scripts) {
    my ($name, $text, $encoding) = @$one;
    my $run = boot(DISK => $disk, stdin => Encode::encode($encoding, $text));
    exit_code_is($run, 0, $name);
    is(digest_in($run, 'sha256 0'), $digest, 'the first command runs');
    like($run->{console}, qr/PCI#CC_0101\n"Service"="pata"\n/, 'a # inside a word is a part of it');
    like(output_of($run, 'help devices'), qr/^devices: /, 'and so does the last one');
    is(scalar(() = $run->{console} =~ /^> /mg), 3, 'there are three');
}

my $run = boot(DISK => $disk, CMD => "help rules # one; help nothing\n# two\nhelp irbs; # three");
exit_code_is($run, 0, 'comments in CMD=');
is(scalar(() = $run->{console} =~ /^> /mg), 2, 'are not run');

for my $bytes ("sha256 0\n\0", "\0\0sha256 0", Encode::encode('UTF-32LE', "$mark" . 'sha256 0')) {
    $run = boot(DISK => $disk, stdin => $bytes);
    exit_code_is($run, 2, 'bytes that are no text');
    like($run->{console}, qr/^The commands are no text: there are zero bytes in them/m, 'are refused by a sentence');
}

done_testing();
