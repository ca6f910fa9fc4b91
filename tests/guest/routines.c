#include "tests/guest/guest.h"
void guest_test_routines(void) {}
