//! Charts as SVG, drawn on the server.

use plotters::prelude::*;

/// One series of bars.
pub(super) struct Series {
    pub(super) values: Vec<i64>,
}

/// Colours that can be told apart, also by those who see few.
pub(super) const COLOURS: [(u8, u8, u8); 6] =
    [(0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (120, 120, 120)];

/// Stacked bars, one an hour, with the highest count on the axis. Empty when it cannot be drawn.
pub(super) fn stacked(series: &[Series], hours: usize) -> String {
    let mut svg = String::new();
    if draw(&mut svg, series, hours).is_err() {
        return String::new();
    }
    // It scales with the page; the legend beside it says its words and counts.
    svg.replacen("<svg width=\"720\" height=\"240\"", "<svg class=\"chart\" aria-hidden=\"true\"", 1)
}

fn draw(svg: &mut String, series: &[Series], hours: usize) -> Result<(), Box<dyn std::error::Error>> {
    let total = |hour: usize| series.iter().map(|one| one.values.get(hour).copied().unwrap_or(0)).sum::<i64>();
    let most = (0..hours).map(total).max().unwrap_or(0).max(1);
    let area = SVGBackend::with_string(svg, (720, 240)).into_drawing_area();
    let count = i64::try_from(hours).unwrap_or(24);
    let mut chart = ChartBuilder::on(&area).margin(4).build_cartesian_2d(0_i64..count, 0_i64..most)?;
    let mut floor = vec![0_i64; hours];
    for (one, colour) in series.iter().zip(COLOURS) {
        let colour = RGBColor(colour.0, colour.1, colour.2).filled();
        let bars = one.values.iter().take(hours).enumerate().filter(|(_, value)| **value > 0).map(|(hour, value)| {
            let (left, from) = (i64::try_from(hour).unwrap_or(0), floor[hour]);
            floor[hour] += value;
            Rectangle::new([(left, from), (left + 1, floor[hour])], colour)
        });
        let bars: Vec<_> = bars.collect();
        chart.draw_series(bars)?;
    }
    area.present()?;
    drop(chart);
    drop(area);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_drawn() {
        let svg = stacked(&[Series { values: vec![0, 3, 1] }, Series { values: vec![2, 0, 0] }], 3);
        assert!(svg.starts_with("<svg class"), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 3, "{svg}");
        assert!(!svg.contains("style="));
    }
}
