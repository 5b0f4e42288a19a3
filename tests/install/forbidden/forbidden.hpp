// Never compiled: what check_includes.cmake must find, among what it must let pass.
#pragma once

#include <fmt/core.h>
#include <vector>
#  include <unistd.h>

#include "forbidden.hpp"
#include "rankmesh/comm.hpp"
#include "rankmesh/topology/mesh.hpp"
#include "missing.hpp"
