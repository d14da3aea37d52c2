//! Requests per minute as an SVG chart.

use crate::fleet::FleetRun;
use crate::model::scenario::Scenario;
use plotters::prelude::*;
use std::path::Path;

const SIZE: (u32, u32) = (1000, 480);
/// A logarithmic axis has no zero: a minute without requests is drawn on the axis.
const LEAST: f64 = 1.0;
/// Told apart also by colour-blind readers (Okabe and Ito's palette). Where two fleets do the same, the
/// thick line shows behind the thin one.
const STYLES: [(RGBColor, u32); 5] = [
    (RGBColor(213, 94, 0), 5),
    (RGBColor(230, 159, 0), 2),
    (RGBColor(120, 120, 120), 2),
    (RGBColor(0, 114, 178), 5),
    (RGBColor(0, 158, 115), 2),
];
const WINDOW: RGBColor = RGBColor(90, 90, 90);

/// Draws all fleets over time, on a log scale, with the window shaded.
pub(crate) fn draw(path: &Path, scenario: &Scenario, runs: &[FleetRun]) -> Result<(), String> {
    let mut svg = String::new();
    render(&mut svg, scenario, runs).map_err(|error| format!("cannot draw the chart: {error}"))?;
    std::fs::write(path, svg).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn render(
    svg: &mut String,
    scenario: &Scenario,
    runs: &[FleetRun],
) -> Result<(), Box<dyn std::error::Error>> {
    let highest = runs.iter().flat_map(|run| &run.per_minute).max().copied();
    let before = scenario.times.healthy.as_secs_f64() / 60.0;
    let after = scenario.horizon.as_secs_f64() / 60.0;
    let top = f64::from(highest.unwrap_or(0).max(10)) * 1.5;

    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption("Requests per minute at the gateway", ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(-before..after, (LEAST..top).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("minutes since the maintenance window began")
        .y_desc("requests per minute (log scale)")
        .x_label_formatter(&|minutes| format!("{minutes:.0}"))
        .y_label_formatter(&|requests| format!("{requests:.0}"))
        .draw()?;
    let window = scenario.maintenance.as_secs_f64() / 60.0;
    chart.draw_series([Rectangle::new(
        [(0.0, LEAST), (window, top)],
        WINDOW.mix(0.15).filled(),
    )])?;
    for (run, (colour, width)) in runs.iter().zip(STYLES) {
        let points = run
            .per_minute
            .iter()
            .zip(0_u32..)
            .map(|(requests, minute)| {
                (
                    f64::from(minute) + 0.5 - before,
                    f64::from(*requests).max(LEAST),
                )
            });
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(width)))?
            .label(run.metrics.name)
            .legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(width))
            });
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerMiddle)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    root.present()?;
    Ok(())
}
