#pragma once

/// @file
/// The symbols that the shared libraries `rankmesh::nccl` and `rankmesh::nccl_options` export: the
/// declarations of their public headers in namespaces with this attribute.

/// Attribute of a namespace: its declarations are exported.
#define RANKMESH_NCCL_API [[gnu::visibility("default")]]
