#pragma once

#include <fmt/core.h>
#include <string>
#include <unistd.h>

#include "missing.hpp"
#include "rankmesh/comm.hpp"
