#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# `partitions` against sfdisk and blkid: over images that the usual tools make, records as other systems
# write them, random ones, and damage done to them. Each place, size and type has to be sfdisk's, each file
# system and label blkid's; where they are not, the reason stands here, and is looked for.
#
# Run on i386 alone: nothing of this depends on ARCH, and sizes have 32 bits there.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;
use Test::More;

my $seed = $ENV{SEED} // 20261126;
my @images;     # paths, in the order in which they were made
my %differs;    # path => why the two may differ
my $different = 0;

# ------------------------------------------------------------------ making images

sub image {
    my ($name, $megabytes, @commands) = @_;
    my $path = sparse_image("$name.img", $megabytes << 20);
    for my $words (@commands) {
        my ($code, $output) = command(map { $_ eq 'IMAGE' ? $path : $_ } @$words);
        die "$name: @$words: $output\n" if $code;
    }
    push @images, $path;
    return $path;
}

sub labelled {
    my ($name, $megabytes, $script, @commands) = @_;
    spill("$scratch/$name.txt", $script);
    return image($name, $megabytes,
        ['sh', '-c', 'sfdisk --quiet --no-reread --no-tell-kernel "$1" <"$2"', 'sh', 'IMAGE', "$scratch/$name.txt"],
        @commands);
}

# Bytes at offsets of an image.
sub poke {
    my ($path, %bytes) = @_;
    open my $file, '+<:raw', $path or die "$path: $!\n";
    for my $offset (keys %bytes) {
        seek $file, $offset, 0 or die;
        print $file $bytes{$offset};
    }
    close $file or die "$path: $!\n";
    return $path;
}

sub peek {
    my ($path, $offset, $length) = @_;
    open my $file, '<:raw', $path or die "$path: $!\n";
    seek $file, $offset, 0 or die;
    read $file, my ($bytes), $length;
    return $bytes;
}

# Another image, copied and changed.
sub damaged {
    my ($name, $from, %bytes) = @_;
    my $path = "$scratch/$name.img";
    command('cp', '--sparse=always', $from, $path);
    push @images, $path;
    return poke($path, %bytes);
}

sub entry {
    my ($type, $first, $count, $flag) = @_;
    return pack 'C8VV', $flag // 0, 0, 254, 255, $type, 254, 255, 255, $first, $count;
}

sub record {
    my (@entries) = @_;
    return "\0" x 446 . join('', @entries) . "\0" x (64 - 16 * @entries) . "\x55\xAA";
}

# An image of 10 MiB with records at sectors.
sub records {
    my ($name, %records) = @_;
    my $path = image($name, 10);
    return poke($path, map { $_ * 512 => $records{$_} } keys %records);
}

my $none = "\0" x 16;

# ------------------------------------------------------------------ the two judges

# What sfdisk reads: "number first count type" for each partition, and the kind of table.
sub sfdisk_of {
    my ($path) = @_;
    my ($code, $output) = command('env', 'LC_ALL=C', 'sfdisk', '--dump', $path);
    my ($kind) = $output =~ /^label: (\w+)$/m;
    my @partitions;
    while ($output =~ /^\S.*?(\d+) : start= *(\d+), size= *(\d+), type=([-\w]+)/mg) {
        push @partitions, [$1, $2, $3, lc $4];
    }
    return ($kind // '', @partitions);
}

my %kinds = (ntfs => 'NTFS', exfat => 'exFAT', swap => 'Linux swap', swsuspend => 'suspended Linux', xfs => 'XFS',
    btrfs => 'Btrfs', f2fs => 'F2FS', squashfs => 'SquashFS', udf => 'UDF', iso9660 => 'ISO 9660', minix => 'Minix',
    bfs => 'BFS', jbd => 'ext journal', crypto_LUKS => 'LUKS', LVM2_member => 'LVM', linux_raid_member => 'Linux RAID');

# What blkid finds in a part of an image, as the shell writes it. Two marks at once are told as blkid refuses to
# choose. The labels of NTFS, exFAT and UDF are not read by ours.
sub blkid_of {
    my ($path, $offset, $size) = @_;
    my ($code, $output) = command('env', 'LC_ALL=C.UTF-8', 'blkid', '-p', '-o', 'export', '-O', $offset, '-S', $size, $path);
    return 'two' if $code == 8;
    my %found = $output =~ /^(\w+)=(.*)$/mg;
    # util-linux 2.39: two at once are nothing to it, but to its sister.
    if (!defined $found{TYPE} && $offset == 0) {
        my %types = map { /^0x.*,(\w+)$/ ? ($1 => 1) : () } split /\n/, (command('wipefs', '-n', '-p', $path))[1];
        delete @types{qw(gpt PMBR dos)};    # tables
        return 'two' if keys %types > 1;
    }
    my $type = $found{TYPE} // return '';
    my $label = '';
    if (defined $found{LABEL} && $type !~ /^(?:ntfs|exfat|udf|linux_raid_member)$/) {
        # As it stands there: the form above is one for shells.
        (undef, $label) = command('blkid', '-p', '-o', 'value', '-s', 'LABEL', '-O', $offset, '-S', $size, $path);
        $label =~ s/ *\n\z//;
    }
    my $name = $type eq 'vfat' ? $found{VERSION} : $kinds{$type} // $type;
    return $name . (length $label ? " \"$label\"" : '');
}

# ------------------------------------------------------------------ what the shell says

# { kind, partitions: [number, first, count, type, file system], whole, problems }
sub shell_of {
    my ($output) = @_;
    my %said = (kind => '', partitions => [], whole => '', problems => []);
    for my $line (split /\n/, $output) {
        if ($line =~ /^ +(\d+)[* ] +(\d+) +(\d+) +\S+ \w+  (.{24}) ?(.*)$/) {
            my ($number, $first, $count, $type, $content) = ($1, $2, $3, $4, $5);
            $content =~ s/ ?\([^)]*\)$// if $content !~ /marks of both/;
            push @{ $said{partitions} }, [$number, $first, $count, $type =~ s/ +$//r, $content];
        } elsif ($line =~ /^Disk \d has (an MBR|a GUID partition table), \d+ partitions?$/) {
            $said{kind} = $1 eq 'an MBR' ? 'dos' : 'gpt';
        } elsif ($line =~ /^Disk \d has an? (\w+) .*, which is not read here\.$/) {
            $said{kind} = lc $1;
        } elsif ($line =~ /(?:is one file system|is a file system too), (.*)\.$/) {
            $said{whole} = $1;
        } elsif ($line !~ /^(?: +NO |Disk \d has no)/) {
            push @{ $said{problems} }, $line;
        }
    }
    s/.* or .* \(it has the marks of both\)$/two/ for $said{whole}, map { $_->[4] } @{ $said{partitions} };
    return \%said;
}

# The type in words has no counterpart in sfdisk's codes; the words of each must always be the same.
my (%words_of, $two_words);

sub compare {
    my ($path, $output) = @_;
    my ($name) = $path =~ m{([^/]+)\.img$};
    my $said = shell_of($output);
    my ($kind, @partitions) = sfdisk_of($path);
    my $size = -s $path;
    my $whole = blkid_of($path, 0, $size);
    my @found;

    # A boot sector with the signature of an MBR and no partitions: sfdisk says "dos" where blkid says what it is.
    $kind = '' if $kind eq 'dos' && !@partitions && length $whole;
    push @found, "table: $said->{kind}, sfdisk: $kind" if $said->{kind} ne $kind;
    push @found, "the whole: $said->{whole}, blkid: $whole" if $said->{whole} ne $whole;
    @partitions = () if $kind !~ /^(?:dos|gpt)$/;
    my $ours = join '; ', map { "@$_[0 .. 2]" } @{ $said->{partitions} };
    my $theirs = join '; ', map { "@$_[0 .. 2]" } @partitions;
    push @found, "partitions: $ours\n  sfdisk: $theirs" if $ours ne $theirs;
    for my $i (0 .. $#{ $said->{partitions} }) {
        my ($number, $first, $count, $type, $content) = @{ $said->{partitions}[$i] };
        $two_words = "$type: $partitions[$i][3]" if $ours eq $theirs && ($words_of{"$kind $type"} //= $partitions[$i][3]) ne $partitions[$i][3];
        next if $type =~ /extended/ || $count == 0 || ($first + $count) * 512 > $size;
        my $judged = blkid_of($path, $first * 512, $count * 512);
        push @found, "partition $number holds: $content, blkid: $judged" if $content ne $judged;
    }
    if (my $why = $differs{$path}) {
        $different++;
        ok(scalar @found, "$name differs: $why->[0]");
        like(join("\n", @{ $said->{problems} }), $why->[1], 'and says so');
    } else {
        ok(!@found, "$name: $said->{kind} $said->{whole} " . @{ $said->{partitions} }) or diag(join "\n", @found, $output);
    }
    return $said;
}

# ------------------------------------------------------------------ file systems on a whole disk

image("fat-$_->[0]", $_->[1], ['mkfs.fat', @{ $_->[2] }, 'IMAGE'])
    for ['12', 1, ['-F12', '-n', 'TWELVE']], ['12-floppy', 3, ['-F12', '-r', '224', '-f', '1']], ['16', 16, ['-F16', '-n', 'SIXTEEN']],
    ['16-big-sectors', 64, ['-S', '4096', '-n', 'FOURK']], ['32', 64, ['-F32', '-n', 'THIRTY TWO']],
    ['32-few-clusters', 16, ['-F32', '-n', 'SMALL32']], ['32-fewer', 2, ['-F32', '-s', '1']], ['no-name', 8, []],
    ['mbr', 16, ['--mbr=y', '-n', 'WITHMBR']];
damaged("fat-$_->[0]-unsigned", $_->[1], 510 => "\0\0") for ['12', $images[0]], ['16', $images[2]], ['32', $images[4]];
image('fat-root-label', 8, ['mkfs.fat', '-n', 'OLD', 'IMAGE'], ['mlabel', '-i', 'IMAGE', '::NEW']);
poke($images[-1], 43 => 'STALE      ');    # the label in the boot sector, which nobody looks at any more
image('fat32-root-label', 64, ['mkfs.fat', '-F32', 'IMAGE'], ['mlabel', '-i', 'IMAGE', '::LATER']);
image("ext-$_->[0]", 8, ["mkfs.$_->[1]", '-q', '-F', @{ $_->[2] }, 'IMAGE'])
    for ['2', 'ext2', ['-L', 'two']], ['3', 'ext3', ['-L', 'three']], ['4', 'ext4', ['-L', 'sixteen bytes ok']],
    ['4-no-journal', 'ext4', ['-O', '^has_journal']], ['journal', 'ext4', ['-O', 'journal_dev']],
    ['4-like-3', 'ext4', ['-O', '^extent,^64bit,^flex_bg,^huge_file,^dir_nlink,^extra_isize,^metadata_csum']],
    ['2-4k', 'ext2', ['-b', '4096']];
image("swap-$_", 4, ['mkswap', '-p', $_, '-L', 'swap space', 'IMAGE']) for 4096, 8192, 65536;
damaged('suspended', $images[-3], 4086 => "S1SUSPEND\0");
damaged('swap-no-pages', $images[-4], 1028 => "\0\0\0\0");
image("minix-$_", 4, ["mkfs.minix", "-$_", 'IMAGE']) for 1 .. 3;
image('bfs', 4, ['mkfs.bfs', 'IMAGE']);
mkdir "$scratch/folder";
spill("$scratch/folder/file", 'content');
image('cramfs', 1, ['mkfs.cramfs', '-n', 'crammed', "$scratch/folder", 'IMAGE'], ['truncate', '-s', '1M', 'IMAGE']);
image('xfs', 320, ['mkfs.xfs', '-q', '-f', '-L', 'ex eff ess', 'IMAGE']);
image('btrfs', 128, ['mkfs.btrfs', '-q', '-L', 'butter', 'IMAGE']);
image('f2fs', 64, ['mkfs.f2fs', '-q', '-l', "fl\xC3\xA4sh", 'IMAGE']);
image('ntfs', 8, ['mkfs.ntfs', '-q', '-F', '-L', 'windows', 'IMAGE']);
image('exfat', 8, ['mkfs.exfat', '-L', 'card', 'IMAGE']);
image('udf', 8, ['mkudffs', '-l', 'disc', 'IMAGE']);
image('squashfs', 1, ['mksquashfs', "$scratch/folder", 'IMAGE', '-quiet', '-noappend'], ['truncate', '-s', '1M', 'IMAGE']);
image('iso', 1, ['xorriso', '-as', 'mkisofs', '-quiet', '-V', 'A_DISC', '-o', 'IMAGE', "$scratch/folder"], ['truncate', '-s', '1M', 'IMAGE']);
spill("$scratch/key", 'key');
image('luks-1', 8, ['cryptsetup', '-q', 'luksFormat', '--type', 'luks1', '--iter-time', '1', 'IMAGE', "$scratch/key"]);
image('luks-2', 20, ['cryptsetup', '-q', 'luksFormat', '--type', 'luks2', '--label', 'secret', '--pbkdf', 'pbkdf2',
    '--iter-time', '1', 'IMAGE', "$scratch/key"]);

# Marks that need a running system to be made: as the formats' descriptions have them.
poke(image('raid-1.2', 8), 4096 => pack 'VVVV', 0xA92B4EFC, 1, 0, 0);
$differs{ $images[-1] } = ['blkid also wants the checksum of Linux RAID, which is not computed here', qr/^$/];
image('nothing', 4);
poke(image('two-at-once', 16, ['mkfs.ext4', '-q', '-F', 'IMAGE']), 0 => peek("$scratch/fat-16.img", 0, 512), 32256 => '');
image('text', 1);
poke($images[-1], 0 => "A boot sector's signature, and a sentence where a table would stand. " x 7, 510 => "\x55\xAA");
$differs{ $images[-1] } = ['sfdisk lists four partitions of letters, blkid none', qr/is no partition table/];

# ------------------------------------------------------------------ MBR

labelled('mbr-empty', 8, "label: dos\n");
labelled('mbr-four', 16, "label: dos\n2048,2048,1\n4096,2048,83,*\n8192,1,82\n8193,24575,7\n");
labelled('mbr-types', 16, "label: dos\n2048,2048,11\n4096,2048,a5\n6144,2048,fd\n8192,2048,9f\n");
my $logical = labelled('mbr-logical', 64, "label: dos\nstart=2048,size=20480,type=e,bootable\nstart=22528,size=100000,type=5\n"
        . "start=24576,size=2048,type=83\nstart=28672,size=4096,type=82\nstart=40960,size=20480,type=b\n",
    ['mkfs.fat', '-F', '12', '-n', 'A LABEL', '--offset', '2048', 'IMAGE', '10240']);
labelled('mbr-lba', 64, "label: dos\nstart=2048,size=100000,type=f\nstart=4096,size=2048,type=83\n");
labelled('mbr-linux', 64, "label: dos\nstart=2048,size=100000,type=85\nstart=4096,size=2048,type=83\nstart=8192,size=2048,type=83\n");
labelled('mbr-many', 64, "label: dos\nstart=2048,size=120000,type=5\n" . join '', map { "size=1,type=83\n" } 1 .. 33);
labelled('mbr-partitions-filled', 64, "label: dos\nstart=2048,size=16384,type=83\nstart=20480,size=20480,type=82\n");
poke($images[-1], 2048 * 512 => peek("$scratch/ext-4.img", 0, 8 << 20), 20480 * 512 => peek("$scratch/swap-4096.img", 0, 8192));

records('ebr-link-first', 0 => record(entry(6, 63, 1000), entry(5, 2000, 16000)), 2000 => record(entry(5, 4000, 4000)),
    6000 => record(entry(6, 63, 3000)));
records('ebr-two-in-one', 0 => record(entry(6, 63, 1000), entry(5, 2000, 16000)),
    2000 => record(entry(6, 63, 1000), entry(0x83, 2000, 1000)));
records('ebr-late-entries', 0 => record(entry(5, 2000, 16000)), 2000 => record($none, $none, entry(5, 4000, 4000), entry(6, 63, 1000)),
    6000 => record($none, $none, $none, entry(6, 63, 3000)));
records('ebr-empty-partition', 0 => record(entry(5, 2000, 16000)), 2000 => record(entry(6, 63, 0), entry(5, 4000, 4000)),
    6000 => record(entry(6, 63, 3000)));
records('ebr-two-links', 0 => record(entry(5, 2000, 16000)), 2000 => record(entry(6, 63, 500), entry(5, 4000, 4000), entry(5, 8000, 1000)),
    6000 => record(entry(6, 63, 3000)), 10000 => record(entry(6, 63, 300)));
records('ebr-empty', 0 => record(entry(5, 2000, 16000)), 2000 => record());
records('ebr-missing', 0 => record(entry(5, 2000, 16000)));
records('ebr-link-without-length', 0 => record(entry(5, 2000, 16000)), 2000 => record(entry(6, 63, 500), entry(5, 4000, 0)),
    6000 => record(entry(6, 63, 3000)));
my $outside = records('ebr-outside', 0 => record(entry(5, 2000, 3000)), 2000 => record(entry(6, 63, 500), entry(5, 4000, 4000)),
    6000 => record(entry(6, 63, 3000)));
my (undef, @followed) = sfdisk_of($outside);
$differs{$outside} = ['this sfdisk follows no link out of the extended partition, older ones do', qr/leaves the extended one, to sector 6000/]
    if @followed == 2;
records('ebr-of-linux', 0 => record(entry(0x85, 2000, 16000)), 2000 => record(entry(6, 63, 500), entry(0x85, 4000, 4000)),
    6000 => record(entry(6, 63, 3000)));
my $circle = records('ebr-circle', 0 => record(entry(5, 2000, 16000)), 2000 => record(entry(6, 63, 500), entry(5, 4000, 4000)),
    6000 => record(entry(6, 63, 3000), entry(5, 0, 400)));
$differs{$circle} = ['sfdisk goes round until it has 60', qr/goes in circles at sector 2000/];
records('mbr-two-extended', 0 => record(entry(5, 2000, 6000), entry(0xF, 9000, 9000)), 2000 => record(entry(6, 63, 500)),
    9000 => record(entry(6, 63, 3000)));
records('mbr-no-sectors', 0 => record(entry(6, 63, 0), entry(0x83, 2000, 100)));
records('mbr-no-type', 0 => record(entry(0, 63, 100), entry(0x83, 2000, 100)));
records('mbr-wrong-flag', 0 => record(entry(6, 63, 100, 0x12), entry(0x83, 2000, 100)));
records('mbr-beyond', 0 => record(entry(6, 63, 1000), entry(0x83, 30000, 100), entry(0x83, 15000, 10000)));
records('mbr-from-0', 0 => record(entry(6, 0, 1000)));
records('mbr-protective-only', 0 => record(entry(0xEE, 1, 20479)));
records('mbr-protective-second', 0 => record(entry(6, 63, 1000), entry(0xEE, 1, 20479)));
damaged('mbr-no-signature', $logical, 510 => "\0\0");
damaged('mbr-chain-signature', $logical, 22528 * 512 + 510 => "\0");
damaged('mbr-chain-zeros', $logical, 22528 * 512 => "\0" x 512);
damaged('mbr-chain-text', $logical, 22528 * 512 => 'What was copied over the record. ' x 16);
$differs{ $images[-1] } = ['sfdisk reads letters as records', qr/breaks off: sector 22528 is no partition record/];
damaged('mbr-first-erased', $logical, 446 => $none);

# ------------------------------------------------------------------ GPT, and others

my $gpt = labelled('gpt', 64, "label: gpt\nsize=20480,type=U,name=\"boot files\"\n"
        . "size=8192,type=0FC63DAF-8483-4772-8E79-3D69D8477DE4,name=\"Wurzel \xC3\xA4\"\nsize=2048,type=S\n");
labelled('gpt-empty', 8, "label: gpt\n");
labelled('gpt-long', 8, "label: gpt\ntable-length: 256\nfirst-lba: 100\nstart=2048,size=100\n");
labelled('gpt-full', 64, "label: gpt\n" . "size=2048,type=L\n" x 30);
labelled('gpt-unordered', 64, "label: gpt\n4: start=2048,size=2048\n2: start=8192,size=2048\n");
image('gpt-hybrid', 64, ['sgdisk', '-n', '1:2048:+1M', '-t', '1:8300', '-n', '2:8192:', '-h', '1', 'IMAGE']);
damaged('gpt-first-lost', $gpt, 512 => "\0" x 512);
damaged('gpt-first-damaged', $gpt, 512 + 40 => "\xFF");
damaged('gpt-entries-damaged', $gpt, 1024 + 32 => "\xFF");
damaged('gpt-second-lost', $gpt, (64 << 20) - 512 => "\0" x 512);
damaged('gpt-both-lost', $gpt, 512 => "\0" x 512, (64 << 20) - 512 => "\0" x 512);
damaged('gpt-no-mbr', $gpt, 510 => "\0\0");
damaged('gpt-unannounced', $gpt, 450 => "\x83");
damaged('gpt-shorter', $gpt);
truncate $images[-1], 63 << 20;
$differs{ $images[-1] } = ['sfdisk makes the entry that announces a GPT as long as the disk', qr/has it been cut\?/];
damaged('gpt-longer', $gpt);
truncate $images[-1], 65 << 20;
labelled('sun', 8, "label: sun\n");
labelled('sgi', 8, "label: sgi\n");

# ------------------------------------------------------------------ records at random

srand $seed;
my @types = (5, 0xF, 0x85, 6, 0x83, 0x83, 0);
for my $number (1 .. 24) {
    my %records = (0 => record(map { rand() < 0.5 ? entry(6, 1 + int rand 1000, int rand 1000) : entry(5, 2000, 16000) } 1 .. 1 + rand 3));
    for my $place (map { 2000 + 2000 * $_ } 0 .. 7) {
        # Links lead on only, so that there is no circle.
        $records{$place} = record(map {
                my $type = $types[rand @types];
                my $next = 2000 * (1 + int rand 3);
                rand() < 0.3 ? $none
                    : $type == 5 || $type == 0xF || $type == 0x85 ? entry($type, $place - 2000 + $next, rand() < 0.2 ? 0 : 1000)
                    : entry($type, 1 + int rand 500, rand() < 0.2 ? 0 : 1 + int rand 500)
        } 1 .. 1 + rand 4);
    }
    records("random-$number", %records);
}

# ------------------------------------------------------------------ entries of which only a part says something

# Type, first sector and count, each there or not, by fours in one table.
my @parts = map { my $type = $_; map { my $first = $_; map { [$type, $first, $_] } 0, 100 } 0, 63 } 0, 6, 5;
records("mbr-parts-$_", 0 => record(map { entry(@$_) } @parts[4 * $_ .. 4 * $_ + 3]), 63 => record(entry(6, 5, 20))) for 0 .. 2;
records('mbr-active-only', 0 => record("\x80" . "\0" x 15, entry(0x83, 2000, 100)));
records('mbr-chs-only', 0 => record(entry(0, 0, 0), entry(0x83, 2000, 100)));
records('mbr-extended-at-0', 0 => record(entry(5, 0, 3000), entry(0xF, 9000, 3000)), 9000 => record(entry(6, 63, 300)));
records('ebr-chs-only', 0 => record(entry(5, 2000, 16000)), 2000 => record(entry(0, 0, 0)));
records('ebr-no-type', 0 => record(entry(5, 2000, 16000)), 2000 => record(entry(0, 63, 500), entry(5, 4000, 4000)),
    6000 => record(entry(5, 8000, 4000), entry(0, 63, 500)), 10000 => record($none, entry(0, 63, 500)));
for my $number (1 .. 20) {
    my %records = (0 => record(entry(5, 2000, 16000)));
    my $part = sub { my ($next) = @_; my $type = (0, 0, 5, 6)[rand 4]; my $count = rand() < 0.5 ? 0 : 500;
        return rand() < 0.2 ? $none : entry($type, $type == 5 ? $next : rand() < 0.5 ? 0 : 63, $count) };
    my @chain = (2000, 4000, 6000);
    $records{ $chain[$_] } = record(map { $part->(2000 * ($_ + 1)) } ($_) x (1 + int rand 3)) for 0 .. int rand 3;
    records("sparse-$number", %records);
}

# ------------------------------------------------------------------ the comparison

my $compared = 0;
my %said;
# Four disks on pata's controller, and six on ahci's: a start for every ten.
for (my $i = 0; $i < @images; $i += 10) {
    my @some = grep { defined } @images[$i .. $i + 9];
    my @more = map { ('-drive', "if=none,id=more$_,snapshot=on,driver=raw,file.driver=file,file.filename=$some[$_ + 4]",
            '-device', "ide-hd,drive=more$_,bus=ahci.$_") } 0 .. $#some - 4;
    my $run = boot((map { 'DISK' . ($_ || '') => $some[$_] } grep { $_ < 4 } 0 .. $#some), FORMAT => 'raw',
        CONTROLLER => 'piix3-ide ahci', QEMU_EXTRA => join("\n", @more), CMD => join '; ', map { "partitions $_" } 0 .. $#some);
    exit_code_is($run, 0, 'images ' . ($i + 1) . ' to ' . ($i + @some));
    for my $number (0 .. $#some) {
        my ($output) = $run->{console} =~ /^> partitions $number\n(.*?)(?=^> |\z)/ms;
        $said{ $some[$number] =~ s{.*/|\.img$}{}gr } = compare($some[$number], $output // '');
        $compared++;
    }
}
is($two_words, undef, "each type has words of its own");
cmp_ok($compared, '>=', 100, "$compared images (seed $seed), $different differences, each with its reason");

# What nobody can be sure of is said.
for (['ebr-two-in-one', qr/sector 2000 has a second partition, which does not count: 1000 sectors from 2000/],
    ['ebr-two-links', qr/sector 2000 has a second link, which does not count/],
    ['mbr-two-extended', qr/Partition 2 is a second extended one/], ['ebr-missing', qr/breaks off: sector 2000/],
    ['ebr-outside', qr/leaves the extended one, to sector 6000/], ['mbr-wrong-flag', qr/this may be no partition table/],
    ['gpt-first-lost', qr/first GPT header, in sector 1, is missing.*second table, at the disk's end, was used/s],
    ['gpt-entries-damaged', qr/damaged entries/], ['gpt-second-lost', qr/second GPT header, at the disk's end, is missing/],
    ['gpt-both-lost', qr/first GPT header.*second GPT header/s], ['gpt-unannounced', qr/which sector 0 does not announce/],
    ['gpt-shorter', qr/counts sectors beyond the disk's end; has it been cut\?/],
    ['mbr-chain-signature', qr/sector 22528 has no signature/],
    ['gpt-longer', qr/not at the disk's end/], ['mbr-protective-only', qr/first GPT header/],
    ['mbr-beyond', qr/Partition 2 begins at sector 30000, beyond.*Partition 3 ends 4520 sectors beyond/s]) {
    my ($name, $sentence) = @$_;
    like(join("\n", @{ $said{$name}{problems} }), $sentence, "$name: it says why");
}
done_testing();
