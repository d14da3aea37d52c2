//! What the stack costs where nothing is wrong, beside the bare service. Read the ratios of one run;
//! an absolute time means nothing. `benches/peers` holds it against other libraries.

mod bare;
mod contention;
mod layers;
mod lookup;
mod stacks;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    benches,
    stacks::success,
    stacks::retried,
    stacks::refused,
    layers::each_alone,
    lookup::among_many,
    contention::two_workers,
);
criterion_main!(benches);
