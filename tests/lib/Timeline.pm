# SPDX-License-Identifier: MIT
#
# A strict reader of the traces that tools/timeline makes (docs/timeline.md). It knows the format (Trace Event
# JSON) and nothing of the kernel.
#
#   my $trace = read_timeline($path)      checks all of it in one test: each event has the members of its kind and
#                                         no other, tracks have names, times do not go back, slices of a track lie within
#                                         each other or apart, each request's stages follow each other from its
#                                         begin to its end, totals are the events'.
#     requests => [{ number, name, track, process, ts, end (ns), args, stages => [name, ...] }, ...]
#     instants => [{ name, category, process, track, ts, is_flag }, ...]
#     totals => {...}    most => requests under way at a time
#   totals_are($trace, $console)          what the command `counters` printed last is what the trace has
#   picture_words($path)                  the words of a picture, from the top down, without times and slots
#   picture_is($capture, $which, $name)    the picture that is made of it has the words of docs/$name.svg
package Timeline;

use strict;
use warnings;
use parent 'Exporter';
use Ataport;
use JSON::PP ();
use List::Util qw(max);
use Test::More;

our @EXPORT = qw(read_timeline totals_are picture_words picture_is);

my %members = (
    M => [qw(ph pid tid name args)],
    X => [qw(ph pid tid name ts dur cat args)],
    i => [qw(ph pid tid name ts s cat)],
);
my %may_have = (i => { args => 1 });
my @stages = ('queued', 'built', 'started', 'at the device', 'interrupt', 'completed');
my %place_of_stage = map { $stages[$_] => $_ } 0 .. $#stages;

# Times are numbers with three digits behind the point: as nanoseconds they are whole.
sub ns {
    my ($text) = @_;
    $text =~ /\A(\d+)\.(\d{3})\z/ or die "\"$text\" is no time\n";
    return $1 * 1000 + $2;
}

sub check_members {
    my ($event) = @_;
    my $wanted = $members{ $event->{ph} // '' } or die "an event of a kind that is not used: " . ($event->{ph} // 'none') . "\n";
    my %left = %$event;
    for (@$wanted) {
        defined delete $left{$_} or die "an event \"$event->{ph}\" has no $_\n";
    }
    my @more = grep { !$may_have{ $event->{ph} }{$_} } keys %left;
    die "an event \"$event->{ph}\" has @more\n" if @more;
    die "an event has no name\n" if $event->{name} eq '';
    return;
}

# Slices come by their begin: what ends within another one must end before it.
sub nest {
    my ($open, $slice) = @_;
    pop @$open while @$open && $open->[-1]{end} <= $slice->{ts};
    die "the stage \"$slice->{name}\" at $slice->{ts} lies in no request\n" if !@$open && $slice->{cat} ne 'request';
    die "slices cross: \"$slice->{name}\" at $slice->{ts} and \"$open->[-1]{name}\"\n" if @$open && $slice->{end} > $open->[-1]{end};
    push @$open, $slice;
    return;
}

sub check_request {
    my ($request) = @_;
    my $at = $request->{ts};
    my $before = -1;
    for my $stage (@{ $request->{parts} }) {
        my $place = $place_of_stage{ $stage->{name} } // die "\"$stage->{name}\" is no stage\n";
        die "request $request->{number}: stage \"$stage->{name}\" comes too late\n" if $place <= $before;
        die "request $request->{number}: stage \"$stage->{name}\" is at $stage->{ts}, not $at\n" if $stage->{ts} != $at;
        die "request $request->{number}: a stage is on another track\n" if $stage->{track} ne $request->{track};
        ($before, $at) = ($place, $stage->{end});
    }
    die "request $request->{number}: its last stage ends at $at, and it at $request->{end}\n" if $at != $request->{end};
    return;
}

sub most_at_a_time {
    my (%count_at, $now);
    for (@_) {
        $count_at{ $_->{ts} }++;
        $count_at{ $_->{end} }--;
    }
    return max(0, map { $now += $count_at{$_} } sort { $a <=> $b } keys %count_at);
}

sub digest {
    my ($path) = @_;
    # Numbers stay the text that they are.
    my $json = JSON::PP->new->utf8->allow_bignum(0);
    (my $text = slurp($path)) =~ s/("(?:ts|dur)":)([\d.]+)/$1"$2"/g;
    my $all = $json->decode($text);
    die "members: @{[sort keys %$all]}\n" if join(' ', sort keys %$all) ne 'displayTimeUnit otherData traceEvents';
    my (%named, %open, %requests, @requests, @instants);
    my $last = 0;
    for my $event (@{ $all->{traceEvents} }) {
        check_members($event);
        my $track = "$event->{pid}/$event->{tid}";
        if ($event->{ph} eq 'M') {
            $named{"$event->{name} $track"} = $event->{args}{name} // '';
            next;
        }
        die "track $track has no name\n" unless defined $named{"thread_name $track"};
        my $process = $named{"process_name $event->{pid}/0"} // die "process $event->{pid} has no name\n";
        my $ts = ns($event->{ts});
        die "time goes back at \"$event->{name}\", $ts\n" if $ts < $last;
        $last = $ts;
        if ($event->{ph} eq 'i') {
            die "scope $event->{s}\n" unless $event->{s} =~ /\A[tp]\z/;
            push @instants, { name => $event->{name}, category => $event->{cat}, process => $process,
                track => $named{"thread_name $track"}, ts => $ts, is_flag => $event->{s} eq 'p' };
            next;
        }
        my $slice = { name => $event->{name}, cat => $event->{cat}, ts => $ts, end => $ts + ns($event->{dur}), track => $track };
        my $number = $event->{args}{request};
        nest($open{$track} //= [], $slice);
        if ($event->{cat} eq 'request') {
            die "request $number is there twice\n" if $requests{$number};
            $requests{$number} = { %$slice, number => $number, args => $event->{args}, parts => [], process => $process,
                track_name => $named{"thread_name $track"} };
            push @requests, $requests{$number};
        } else {
            push @{ ($requests{$number} // die "a stage of request $number, which has not begun\n")->{parts} }, $slice;
        }
    }
    check_request($_) for @requests;
    die 'requests are numbered ' . join(', ', sort { $a <=> $b } keys %requests) . "\n" if grep { !$requests{$_} } 1 .. @requests;
    my $totals = $all->{otherData};
    die "$totals->{requests} requests are said to be there\n" if $totals->{requests} != @requests;
    my $accesses = grep { $_->{category} eq 'register' } @instants;
    die "$totals->{accesses} accesses are said to be there, and $accesses are\n" if $totals->{accesses} != $accesses;
    return { requests => \@requests, instants => \@instants, totals => $totals, most => most_at_a_time(@requests) };
}

sub read_timeline {
    my ($path) = @_;
    my $trace = eval { digest($path) };
    ok($trace, 'the trace is as strict as its format') or diag("$path: $@");
    return $trace // { requests => [], instants => [], totals => {}, most => 0 };
}

# Blocks are counted by their units there.
sub totals_are {
    my ($trace, $console) = @_;
    my ($counters) = $console =~ /.*^> counters$(.*)/ms;
    my (%wanted, %seen);
    $wanted{"disk $1"} = $2 while $counters =~ /^(\d+|cd0) +(\d+) +\S+ \S+ +\S+ \S+ +\d+ +\d+ +\d+$/mg;
    $wanted{"channel $1"} = "$2 requests, $3 interrupts, $4 others" while $counters =~ /^(\d\.\d+) +(\d+) +(\d+) +(\d+) +\d+ +\d+$/mg;
    ($wanted{accesses}) = $counters =~ /^Register accesses of the drivers: (\d+)/m;
    my $of = sub { my ($name) = @_; return grep { $_->{process} =~ /^channel \Q$name\E\b(?!\.)/ } @{ $_[1] } };
    for my $what (keys %wanted) {
        if ($what =~ /^disk (.*)/) {
            $seen{$what} = grep { $_->{track_name} =~ /^(?:disk )?\Q$1\E,/ && $_->{args}{function} !~ /reset|power/ } @{ $trace->{requests} };
        } elsif ($what =~ /^channel (.*)/) {
            my @instants = $of->($1, $trace->{instants});
            my $calls = grep { $_->{name} =~ /^call IdeHwInterrupt/ } @instants;
            my $others = grep { $_->{name} =~ /^IdeHwInterrupt returns FALSE/ } @instants;
            $seen{$what} = sprintf '%d requests, %d interrupts, %d others', scalar($of->($1, $trace->{requests})), $calls - $others, $others;
        } else {
            $seen{$what} = grep { $_->{category} eq 'register' && $_->{name} !~ /bytes? \(\d+ x \d\)|own look\)$/ } @{ $trace->{instants} };
        }
    }
    is_deeply(\%seen, \%wanted, 'totals are those of `counters`');
    return;
}

# What Alternate Status shows while it is polled, and how often, is a matter of the host's speed.
sub picture_words {
    my ($path) = @_;
    my $before = '';
    return grep { my $is_new = $_ ne $before; $before = $_; $is_new || !/^Alternate Status/ }
        map { s/ in slot \d+//r =~ s/^(Alternate Status) -&gt; .*/$1 is polled/r }
        slurp($path) =~ m{<text class="(?:words|note|life)"[^>]*>([^<]*)</text>}g;
}

sub picture_is {
    my ($capture, $which, $name) = @_;
    my ($code, $said) = command('build/tools/timeline', 'show', $capture, "$scratch/picture.json", "$scratch/picture.svg", $which);
    is($code, 0, "a picture of $which") or diag($said);
    is(join("\n", picture_words("$scratch/picture.svg")), join("\n", picture_words("$top/docs/$name.svg")),
        "is docs/$name.svg") or diag('`make timeline-pictures` makes it anew');
    return;
}

1;
