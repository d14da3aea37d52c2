//! Every source of chance, derived from `--seed`: one stream for each thing that draws.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Who draws. Streams are apart, so that one more draw here moves nothing there: all fleets see
/// the same arrivals, whatever their clients do with chance.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    Arrivals,
    Gateway,
    Client(u32),
}

/// The generator of one stream.
pub(crate) fn stream(seed: u64, stream: Stream) -> StdRng {
    let tag = match stream {
        Stream::Arrivals => 1,
        Stream::Gateway => 2,
        Stream::Client(instance) => (1 << 32) | u64::from(instance),
    };
    // An odd factor keeps neighbouring seeds apart from neighbouring tags.
    StdRng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ tag)
}

/// The seed that a client with a generator of its own starts from.
pub(crate) fn client_seed(seed: u64, instance: u32) -> u64 {
    stream(seed, Stream::Client(instance)).next_u64()
}

#[cfg(test)]
mod tests {
    use super::{Stream, client_seed, stream};
    use rand::Rng;

    #[test]
    fn a_stream_repeats_for_its_seed_and_differs_for_another() {
        let draw = |seed, who| stream(seed, who).next_u64();
        assert_eq!(draw(7, Stream::Arrivals), draw(7, Stream::Arrivals));
        assert_ne!(draw(7, Stream::Arrivals), draw(8, Stream::Arrivals));
        assert_ne!(draw(7, Stream::Arrivals), draw(7, Stream::Gateway));
        assert_ne!(client_seed(7, 0), client_seed(7, 1));
    }
}
