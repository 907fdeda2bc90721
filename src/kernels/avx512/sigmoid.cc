#include "kernels/sigmoid_inl.h"  // compiled here with this folder's instruction set
