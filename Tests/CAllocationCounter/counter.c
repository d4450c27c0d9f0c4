#include "CAllocationCounter.h"
int linnet_allocation_count(void){return 0;}
