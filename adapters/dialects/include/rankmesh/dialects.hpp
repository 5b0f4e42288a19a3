#pragma once

/// @file
/// Layouts in the words of other systems.

#include "rankmesh/dialects/dialect.hpp"
#include "rankmesh/dialects/export.hpp"
