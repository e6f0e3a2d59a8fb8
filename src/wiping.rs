//! An allocator that wipes what is given back: the program installs it, so that no buffer a key passed through keeps it.
//!
//! [`crate::secret::Secret`] wipes the keys themselves. What grew while it was read, what a parser put aside and what a
//! library decrypted into is freed by code that knows of no keys; this is the one place all of it comes by.

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator, with every freed block set to zero first.
pub struct Wiping;

// SAFETY: every call goes to the system's allocator with the same arguments; a block is written to only while it is still
// allocated, within its own size. `realloc` is the provided one: a new block, a copy, and `dealloc` of the old one.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise about `layout` is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block has `layout.size()` bytes and is the caller's until the next line.
        unsafe {
            block.write_bytes(0, layout.size());
            // Without it the compiler may see that nobody reads what was written.
            zeroize::optimization_barrier(&*block);
            System.dealloc(block, layout);
        }
    }
}
