#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# usage: lines.pl [--tools PREFIX] IMAGE
#
# The places in a driver's source, by address, for the kernel's reports and back traces. Prints a line
# for each stretch of code, sorted by address:
#
#   00001a2c pata_reset_begin miniport/pata/reset.c:87
#
# The first word is the stretch's start relative to the image, always 8 hexadecimal digits, so that the
# text can be searched by halves; it goes on to the next line's. Alone it means that nothing is known.
#
# The place is the driver's own: many routines of the interface are inline functions in include/ddi, so
# where such a one was inlined, its caller is named. A function's first address is where its definition
# begins, with its name, whatever the compiler has moved there: a report about a whole routine points at
# it. A path is as the compiler recorded it; an absolute one, which is some user's, is cut to its file name.
#
# DWARF of all versions, PE32 and PE32+. objdump and addr2line are those with PREFIX, as in
# x86_64-w64-mingw32-, or this machine's, or mingw-w64's: the first that know such images. Prints nothing,
# and succeeds, for an image without line numbers.
use strict;
use warnings;
no warnings 'portable'; # addresses have 64 bits

# Headers of the interface, ours and those of Windows' kits. What is in them is not the driver's.
my $interface = qr{(?:^|[/\\])(?:include/ddi/.*|(?:irb|ata|miniport|ntddk|wdm|ntdef|winnt)\.h)$}i;

my $prefix;
$ENV{LC_ALL} = 'C';    # binutils' words are translated
if (@ARGV == 3 && $ARGV[0] eq '--tools') {
    shift;
    $prefix = shift;
}
my $image = @ARGV == 1 ? $ARGV[0] : die "usage: lines.pl [--tools PREFIX] IMAGE\n";
$image = "./$image" if $image =~ /^-/;

# ------------------------------------------------------------------ the image's headers

# Returns machine and preferred base.
sub read_headers {
    open my $file, '<:raw', $image or die "$image: $!\n";
    read $file, my $head, 4096;
    my $optional = length $head >= 0x40 ? unpack('V', substr $head, 0x3C, 4) + 24 : 0;
    die "$image: is no PE image\n" if !$optional || length $head < $optional + 32;
    my $machine = unpack 'v', substr $head, $optional - 20, 2;
    return $machine, unpack('v', substr $head, $optional, 2) == 0x20B
        ? unpack('Q<', substr $head, $optional + 24, 8) : unpack('V', substr $head, $optional + 28, 4);
}

my ($machine, $base) = read_headers();
my @prefixes = (defined $prefix ? $prefix : (), '',
    $machine == 0x8664 ? 'x86_64-w64-mingw32-' : 'i686-w64-mingw32-');

# ------------------------------------------------------------------ the line table

# Every address at which a row of it begins. undef: these binutils do not know such images.
sub row_addresses {
    my ($tools) = @_;
    open my $keep, '>&', \*STDERR or die "stderr: $!\n";
    open STDERR, '>', '/dev/null' or die "/dev/null: $!\n";
    my $started = open my $table, '-|', "${tools}objdump", '--dwarf=decodedline', '-w', $image;
    open STDERR, '>&', $keep or die "stderr: $!\n";
    return if !$started;
    my %addresses;
    while (my $line = <$table>) {
        $addresses{ hex $1 } = 1 if $line =~ /\s(?:\d+|-)\s+(0x[0-9a-f]+)/;
    }
    return close $table ? [sort { $a <=> $b } keys %addresses] : undef;
}

# The line in which a function's definition begins, by its first address. A function of which there are
# copies has an entry for all of them, to which each refers.
sub definition_lines {
    my ($tools) = @_;
    my (%entries, %lines, $entry);
    open my $info, '-|', "${tools}objdump", '--dwarf=info', $image or die "${tools}objdump: $!\n";
    while (my $line = <$info>) {
        if ($line =~ /^ *<[0-9a-f]+><([0-9a-f]+)>: Abbrev Number: \d+ *(?:\((\w+)\))?/) {
            $entry = defined $2 && $2 eq 'DW_TAG_subprogram' ? $entries{$1} = {} : undef;
        } elsif ($entry && $line =~ /DW_AT_(decl_line|low_pc|abstract_origin|specification)\b.*?: <?(\w+)/) {
            $entry->{$1} = $2;
        }
    }
    close $info or die "$image: ${tools}objdump failed\n";
    for $entry (values %entries) {
        next if !defined $entry->{low_pc};
        my $origin = $entry;
        for (1 .. 3) {
            my $reference = $origin->{abstract_origin} // $origin->{specification};
            last if defined $origin->{decl_line} || !defined $reference;
            $origin = $entries{ $reference =~ s/^0x//r } // {};
        }
        $lines{ hex $entry->{low_pc} } = $origin->{decl_line} if defined $origin->{decl_line};
    }
    return %lines;
}

my ($addresses, $tools);
for my $candidate (@prefixes) {
    $addresses = row_addresses($candidate);
    $tools = $candidate;
    last if $addresses;
}
die "$image: no objdump here can read it (tried ", join(', ', map { "${_}objdump" } @prefixes), ")\n"
    if !$addresses;
exit 0 if !@$addresses;

# ------------------------------------------------------------------ places

# Asks for all of them at once: [address, then for each frame, the innermost first, function and file].
# A file of questions, since a pipe for both directions could fill up.
sub frames_of {
    my ($wanted) = @_;
    my @words = ("${tools}addr2line", '-i', '-f', '-a', '-e', $image);
    my $pid = open(my $answers, '-|') // die "fork: $!\n";
    if (!$pid) {
        open my $questions, '+>', undef or die "a temporary file: $!\n";
        printf {$questions} "%x\n", $_ for @$wanted;
        seek $questions, 0, 0;
        open STDIN, '<&', $questions or die "stdin: $!\n";
        exec @words or die "$words[0]: $!\n";
    }
    my @places;
    while (my $line = <$answers>) {
        chomp $line;
        if ($line =~ /^0x([0-9a-f]+)$/) {
            push @places, [hex $1];
        } else {
            push @{ $places[-1] }, $line;
        }
    }
    close $answers or die "$image: $words[0] failed\n";
    return @places;
}

# "function file:line" of the innermost frame that is the driver's own, or of the outermost where a
# definition begins in a known line; '' where nothing is known.
sub own_place {
    my ($definition_line, @frames) = @_;
    my $place = '';
    @frames = @frames[-2, -1] if defined $definition_line && @frames > 1;
    while (my ($function, $where) = splice @frames, 0, 2) {
        my ($file, $line) = $where =~ /^(.*):(\d+)(?: \(discriminator \d+\))?$/ or next;
        next if $function eq '??' || $file eq '??' || $line == 0;
        $line = $definition_line if defined $definition_line;
        my $is_interface = $file =~ $interface;
        $file =~ tr{\\}{/};
        1 while $file =~ s{(?:^|/)\K\./}{} || $file =~ s{(?:^|/)\K(?!\.\./)[^/]+/\.\./}{};
        $file =~ s{.*/}{} if $file =~ m{^(?:/|[A-Za-z]:|\.\./)};
        $function =~ s/^_?(\w+)\@\d+$/$1/; # as some compilers for i386 write stdcall functions' names
        $place = "$function $file:$line";
        last if !$is_interface;
    }
    return $place;
}

my $previous = '';
my %definition_lines = definition_lines($tools);
for (frames_of($addresses)) {
    my ($address, @frames) = @$_;
    my $place = own_place($definition_lines{$address}, @frames);
    next if $place eq $previous || $address < $base;
    printf "%08x%s\n", $address - $base, $place eq '' ? '' : " $place";
    $previous = $place;
}
