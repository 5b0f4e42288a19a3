#include "layout/digits.hpp"
#include "rankmesh/comm/plan.hpp"
#include "rankmesh/dialects/dialect.hpp"
