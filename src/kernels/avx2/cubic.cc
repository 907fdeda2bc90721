#include "kernels/cubic_inl.h"  // compiled here with this folder's instruction set
