#pragma once

/// @file
/// The umbrella header of `rankmesh::dialects`: layouts in the words of other systems.
///
/// Every system of the field describes the layout of a job in its own words, for example Megatron-Core with
/// `tp=8 cp=2 pp=4 order=tp-cp-ep-dp-pp` and PyTorch with `shape=4,2,8 names=pp,cp,tp`. A *dialect* is the
/// words of one system. `dialects::read` turns a text into a configuration, `dialects::write` a configuration
/// into a text, so that reading in one dialect and writing in another translates. docs/dialects.md lists the
/// words of every dialect.

#include "rankmesh/dialects/dialect.hpp"
#include "rankmesh/dialects/export.hpp"
