// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace rstwatch::control {

/// Every interval takes and returns some megabytes. Kept in the process they are reused; glibc's defaults give them
/// back to the kernel each time, and clearing the pages anew cost a third of a replay's CPU time. All threads share one
/// arena, so that any of them takes what another has given back. To be called first of all.
void keep_freed_memory();

/// Has the heap grow in huge pages, as far as `bytes` from here: the tables of a replay are read all over, and with
/// small pages that waits for translations of addresses, too. It takes up to a page more for each table that has
/// just begun to fill. To be called after keep_freed_memory(), before tables are made. A wish: small pages do, too.
void prefer_huge_pages(std::size_t bytes);

/// Takes `bytes` more of the heap than are in use, touches them, and leaves them to the allocator, for good: until
/// these are in use, too, no allocation costs a page fault, and what the process takes stays the same, whichever thread
/// allocates. To be called after keep_freed_memory(). Throws std::bad_alloc if the machine has not as much.
void reserve_heap(std::size_t bytes);

/// Bytes of the heap that are in use, of all threads. This tells a leak, which a reserve hides from whoever looks at
/// the resident memory alone.
std::size_t heap_in_use();

}  // namespace rstwatch::control
