/// No allocation takes less.
const LEAST: usize = 32;

/// A usual allocator keeps a length before each, and hands them out in steps.
const HEADER: usize = size_of::<usize>();
const STEP: usize = 2 * size_of::<usize>();

/// The memory that an allocation of so many bytes takes. Of a few bytes each, there are millions in a whole store.
pub const fn allocated(bytes: usize) -> usize {
    let taken = (bytes + HEADER).next_multiple_of(STEP);
    if taken < LEAST { LEAST } else { taken }
}

/// The same of what is shared, which is counted besides.
pub const fn allocated_shared(bytes: usize) -> usize {
    allocated(bytes + 2 * size_of::<usize>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_allocations_take_more_than_their_bytes() {
        assert_eq!([0, 1, 24, 25, 40, 1_000].map(allocated), [32, 32, 32, 48, 48, 1_008]);
        assert_eq!(allocated_shared(8), 32);
    }
}
