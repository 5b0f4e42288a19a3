#pragma once

/// @file
/// The symbols that the shared library `rankmesh::pmix` exports: the declarations of its public headers in
/// namespaces with this attribute.

/// Attribute of a namespace: its declarations are exported.
#define RANKMESH_PMIX_API [[gnu::visibility("default")]]
