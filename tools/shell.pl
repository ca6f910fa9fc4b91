#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: shell.pl [--check [FILE]]
#
# Makes docs/shell.md, with its tables from those in the code: commands, what Tab offers, words that are written in full,
# words of the trace, names of bits. Prints it; with --check compares it with FILE (docs/shell.md).
use strict;
use warnings;

sub slurp {
    my ($path) = @_;
    open my $file, '<', $path or die "$path: $!\n";
    local $/;
    return <$file>;
}

# The text between the braces of a table.
sub body_of {
    my ($path, $beginning) = @_;
    slurp($path) =~ /\Q$beginning\E\{\n(.*?)^\};/ms or die "tools/shell.pl: $path: there is no table \"$beginning\"\n";
    return $1;
}

my $string = qr/"(?:[^"\\]|\\.)*"/;

# A C string of several parts.
sub text_of {
    my ($parts) = @_;
    return join '', map { s/\\(.)/$1/gr } $parts =~ /"((?:[^"\\]|\\.)*)"/g;
}

sub cell { return $_[0] =~ s/\|/\\|/gr }

sub commands {
    my $body = body_of('boot/shell/commands.c', 'const struct command shell_commands[] = ');
    my $text = "| command | |\n|---|---|\n";
    my $count = 0;
    while ($body =~ /\{($string),\s*((?:$string\s*)+),\s*((?:$string\s*)+),\s*command_\w+\}/g) {
        my ($name, $arguments, $help) = map { text_of($_) } $1, $2, $3;
        $text .= sprintf "| `%s` | %s |\n", cell(length $arguments ? "$name $arguments" : $name), cell($help);
        $count++;
    }
    my $all = () = $body =~ /command_\w+\}/g;
    die "tools/shell.pl: boot/shell/commands.c: $all commands, of which $count can be read\n" if !$count || $count != $all;
    return $text;
}

sub whole_words {
    my @words = body_of('boot/shell/complete.c', 'static const char *const whole_words[] = ') =~ /"(\w+)"/g;
    my $last = pop @words // die "tools/shell.pl: boot/shell/complete.c: no words\n";
    return join(', ', map { "`$_`" } @words) . " and `$last`";
}

sub kinds {
    my $text = "| where the usage says | Tab offers |\n|---|---|\n";
    my $body = body_of('boot/shell/candidates.c', '} kinds[] = ');
    my $count = 0;
    while ($body =~ /\{"([^"]+)", (NULL|"\w+"), \w+\}, +\/\* (.*?) \*\//g) {
        my ($kind, $command, $about) = ($1, $2, $3);
        $command = $command eq 'NULL' ? '' : ' of ' . $command =~ s/"(\w+)"/`$1`/r;
        $text .= "| $kind$command | $about |\n";
        $count++;
    }
    my $all = () = $body =~ /\{"/g;
    die "tools/shell.pl: boot/shell/candidates.c: $all kinds, of which $count have a comment\n" if !$count || $count != $all;
    return $text;
}

sub trace_words {
    my $text = "| word | what is recorded |\n|---|---|\n";
    my $body = body_of('port/trace.c', '} selections[] = ');
    my $count = 0;
    while ($body =~ /\/\* (.*?) \*\/\s*\{"(\w+)"/g) {
        $text .= "| `$2` | $1 |\n";
        $count++;
    }
    my $all = () = $body =~ /\{"/g;
    die "tools/shell.pl: port/trace.c: $all words, of which $count have a comment\n" if !$count || $count != $all;
    return $text;
}

# Rows that a macro makes of a set and the end of each name.
sub expand {
    my ($body) = @_;
    while ($body =~ s/^#define (\w+)\((\w+), (\w+)\)((?:.*\\\n)*.*)\n//m) {
        my ($name, $set, $end, $rows) = ($1, $2, $3, $4);
        $rows =~ s{\\\n}{\n}g;
        $body =~ s{\b$name\((\w+), "(\w+)"\)}{my ($own, $its) = ($1, $2); $rows =~ s{\b$set\b}{$own}gr =~ s{" $end\b}{$its"}gr}ge;
    }
    return $body;
}

# The registers, with the bits that have names; a name that an earlier row has given to
# the same bit is another one for it.
sub bits {
    my $body = expand(body_of('port/access/names.c', '} all_bits[] = '));
    my (%names, %seen, @sets);
    while ($body =~ /\{\s*BITS_(\w+), (\d+), (\d+), "([^"]+)"\s*\}/g) {
        my ($set, $first, $last, $name) = ($1, $2, $3, $4);
        push @sets, $set if !$names{$set};
        push @{ $names{$set} }, $first == $last ? "$name $first" : "$name $last:$first" if !$seen{"$set $first"}++;
    }
    my %titles = (STATUS => 'Status, Alternate Status', ERROR => 'Error', PACKET_ERROR => 'Error, after PACKET',
        INTERRUPT_REASON => 'Sector Count, after PACKET', DEVICE_CONTROL => 'Device Control',
        BUS_MASTER_COMMAND => 'Bus Master Command', BUS_MASTER_STATUS => 'Bus Master Status');
    my $text = "| register | names of bits |\n|---|---|\n";
    for my $set (@sets) {
        my $title = $titles{$set} // ($set =~ /^AHCI_(?:PX(\w+)|(\w+))/ ? defined $1 ? "Px$1" : $2 : die "tools/shell.pl: $set?\n");
        $text .= "| $title | " . join(', ', @{ $names{$set} }) . " |\n";
    }
    return $text;
}

sub document {
    my ($commands, $whole, $kinds, $words, $bits) = (commands(), whole_words(), kinds(), trace_words(), bits());
    return <<"END";
# The shell

Made by `tools/shell.pl`, its tables from those in the code; do not edit. `make lint` fails when it is not up to date.

`make run` has a prompt on the serial console; `CMD='a; b'`, or a standard input that is no terminal, has commands for it.

## Commands

$commands
DISK is a number from `devices`, or cd0. LBA and COUNT are in the device's sectors. A wrong argument prints the command's
usage, and the command fails. Ctrl-C stops one that takes long.

In the usage, words in capitals say what stands there, others stand for themselves; brackets hold what may be missing, `|`
separates ways, and dots say that there may be more.

## Words and comments

`;` or the end of a line ends a command, blanks separate words. Double quotes keep blanks and semicolons in a word, and `""`
within them is a quote; backslash and `\$` are ordinary. `#` where a word could begin is a comment up to the end of the line,
at the prompt, in `CMD=` and on standard input: `devices # all of them`. Within a word it is ordinary: `PCI#CC_0106`.

## Numbers

Typed, a number is decimal, or hexadecimal with `0x`; K, M and G behind it are powers of 1024. `write` and `cdb` take bytes in
hexadecimal.

Printed, counts, sectors and addresses on a disk are decimal; sizes have one digit behind the point and are in KiB, MiB and so
on, powers of 1024 (below one KiB: in bytes); times are in us, ms, s, min or h. All else that is not counted, a register, a
command's code, an address in memory, is hexadecimal with `0x` and small letters, a register with all its digits: `0x51`.

These have forms of their own, since others know them by it: places of PCI (`00:01.1 8086:7010`), sense data
(`5/21/00`: key, code, qualifier), GUIDs, hardware ids and `.reg` files in the registry, checksums, bytes of a dump, the
processor's registers in a crash. Faults take registers, commands and values with and without `0x` ([faults.md](faults.md)):
what the trace shows, `Status -> 0x50 DRDY DSC`, can be copied.

## Dumps

`read` writes bytes as `hexdump -C` does. Of lines with the same bytes the first one is shown, and a `*` stands for those that
follow; the last line of a dump always stands there, so that its address says where the dump ends.

```
00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
*
000001f0  00 00 00 00 00 00 00 00  00 00 00 00 00 00 55 aa  |..............U.|
```

## At the prompt

| keys | |
|---|---|
| left, right, Ctrl-B, Ctrl-F | a character back or on |
| Ctrl-left, Ctrl-right, Alt-B, Alt-F | a word back or on |
| Home, End, Ctrl-A, Ctrl-E | to the beginning or the end |
| Backspace, Ctrl-H; Delete, Ctrl-D | remove a character |
| Ctrl-W, Alt-Backspace; Alt-D | remove a word before or behind the cursor |
| Ctrl-U, Ctrl-K | remove all before or behind it |
| Ctrl-Y | puts in what was removed last by one of these |
| up, down, Ctrl-P, Ctrl-N | lines entered before |
| Ctrl-R, Ctrl-S | search them, see below |
| Tab | completes a word; a second Tab lists what there is |
| Ctrl-L | clears the screen |
| Ctrl-C | gives up the line, or stops a command |
| Ctrl-D on an empty line | `poweroff` |
| Ctrl-] X | ends QEMU |

A line that is longer than the terminal is wide scrolls sideways. The guest is told the terminal's width at its start, and when
it changes; help, tables and the progress bar follow it.

### History

The last 1000 lines are kept in `build/history`, for later sessions (and until `make clean`): each as soon as it is entered, so a QEMU that is killed takes
none with it, and whole, so several sessions may have the same file. `HISTORY=file` names another one; `HISTORY=` with nothing
behind it is none. Only what is entered at a prompt is kept; `CMD=` and standard input are not. A line that begins with a blank,
or repeats the one before it, is not kept either.

It is a text file, one line each, that anybody may edit between sessions. When it has more than 2000 lines the oldest are dropped
at the next start. A file that cannot be written or read, is most likely no history, or longer than 8 MiB is left alone; that is
said once, and the session goes on.

Ctrl-R searches backwards while the text is typed: the newest line that holds it is shown. Ctrl-R again goes to an older one,
Ctrl-S to a newer one; Ctrl-R at once, without text, takes that of the search before. Enter runs the line; Ctrl-G or Esc gives up,
and the line is as it was; any other key, an arrow for example, goes on with the line that was found.

### Tab

What may stand at a place is what the command's usage says. Its words are offered, and:

$kinds
A name with blanks or semicolons is put in quotes.

### Words that are shortened

At the prompt, and there only, the beginning of a command's name will do if it is the only one: `dev` is `devices`. So will that
of a word that a command's usage has where nothing else may stand: `cd cd0 ej`. Where several begin so, they are named, and
nothing runs. `CMD=` and standard input want whole words, so that what a script does is not changed by a command that is new.

Words that change what is stored are never short: $whole. Who
types `wri` is told so; a line of a history would otherwise mean something else one day, and nobody is asked before a disk is
written.

A command, or a word of one, that nobody knows is answered with the one that is a slip of the hand away, everywhere.

## Words of the trace

`TRACE=` and the shell's `trace on` take these, separated by commas; without any, all is recorded but `requests`.
[debugging.md](debugging.md) says how to read it.

$words
A value of a register has the names of its bits behind it, those that are set; a field of several bits has its value beside its
name.

$bits
END
}

chdir "$1." if $0 =~ m{^(.*/)tools/[^/]+$};
my $text = document() =~ s/\n+\z/\n/r;
if (@ARGV && @ARGV <= 2 && $ARGV[0] eq '--check') {
    my $file = $ARGV[1] // 'docs/shell.md';
    exit 0 if $text eq slurp($file);
    print "$file is not what the code says: tools/shell.pl >$file\n";
    exit 1;
}
@ARGV == 0 or die "usage: tools/shell.pl [--check [FILE]]\n";
print $text;
