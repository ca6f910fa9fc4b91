#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Paused queues, requests that end all at once, devices that come and go, in the kernel.
use strict;
use warnings;
use lib 'tests/lib';
use Ataport;

guest_tap(BUILD => 'build/' . ($ENV{ARCH} || 'x86_64') . '/guest', KARGS => 'test=queues');
