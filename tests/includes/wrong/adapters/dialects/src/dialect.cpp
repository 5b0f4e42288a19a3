#include "rankmesh/dialects/dialect.hpp"
#include "layout/digits.hpp"
#include "rankmesh/comm/plan.hpp"
