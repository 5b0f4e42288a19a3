#pragma once

#include <fmt/core.h>
#include <unistd.h>
#include <string>

#include "missing.hpp"
#include "rankmesh/comm.hpp"
