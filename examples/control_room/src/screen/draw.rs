//! One picture.

use super::Screen;
use crate::storm::Order;
use crate::view::{Phase, Service, States, View, minutes};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph, Row, Sparkline, Table};

const HEAD: [&str; 7] = [
    "service",
    "circuits",
    "why",
    "for",
    "pace / normal",
    "retries",
    "waiting",
];
const WIDTHS: [Constraint; 7] = [
    Constraint::Length(10),
    Constraint::Length(24),
    Constraint::Fill(1),
    Constraint::Length(6),
    Constraint::Length(15),
    Constraint::Length(8),
    Constraint::Length(8),
];
const KEYS: &str =
    "space pause · + - speed · o open for 5 min · c close into the pace · g lift gates · q quit";

pub(super) fn screen(frame: &mut Frame<'_>, screen: &Screen) {
    let Some(view) = &screen.view else {
        return frame.render_widget("the storm gathers", frame.area());
    };
    let [title, load, services, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(6),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(headline(screen, view), title);
    draw_load(frame, load, screen, view);
    draw_services(frame, services, view);
    frame.render_widget(Paragraph::new(KEYS).dim(), keys);
}

fn headline(screen: &Screen, view: &View) -> Line<'static> {
    let phase = match view.phase {
        Phase::Healthy => Color::Green,
        Phase::Maintenance(_) => Color::Red,
        Phase::Restarted => Color::Cyan,
    };
    let pace = match screen {
        Screen { is_over: true, .. } => "over".to_owned(),
        Screen {
            is_paused: true, ..
        } => "paused".to_owned(),
        Screen { speed, .. } => format!("×{speed}"),
    };
    let ordered = match screen.ordered {
        Some(Order::Open) => "  ordered: open",
        Some(Order::Close) => "  ordered: close",
        Some(Order::LiftGates) => "  ordered: lift gates",
        None => "",
    };
    Line::from(vec![
        view.clock.to_string().bold(),
        "  gateway ".into(),
        view.phase.to_string().fg(phase),
        format!("  {} paid, {} open", view.tally.paid, view.tally.open).into(),
        format!("  {pace}").dim(),
        ordered.yellow(),
    ])
}

fn draw_load(frame: &mut Frame<'_>, area: Rect, screen: &Screen, view: &View) {
    let title = format!(
        " {} requests/min at the gateway, {} outstanding ",
        view.seen.last_minute, view.seen.outstanding
    );
    let block = Block::bordered().title(title);
    let width = usize::from(block.inner(area).width);
    let latest = screen.load.len().saturating_sub(width);
    let load = screen.load.get(latest..).unwrap_or_default();
    frame.render_widget(Sparkline::default().block(block).data(load), area);
}

fn draw_services(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let rows = view.services.iter().enumerate().map(|(number, service)| {
        Row::new(cells(number + 1, service)).style(colour(service.states))
    });
    let states = view.states();
    let title = format!(" {} circuits: {states} ", states.all());
    let table = Table::new(rows, WIDTHS)
        .header(Row::new(HEAD).bold())
        .block(Block::bordered().title(title));
    frame.render_widget(table, area);
}

fn cells(number: usize, service: &Service) -> [String; 7] {
    let why = match (&service.header, service.refusal) {
        (Some(header), _) => header.clone(),
        (None, Some(refusal)) => refusal.to_string(),
        (None, None) => String::new(),
    };
    let pace = service
        .pace
        .map_or("-".to_owned(), |pace| format!("{pace:.2}"));
    [
        format!("service {number}"),
        service.states.to_string(),
        why,
        service.refused_for.map(minutes).unwrap_or_default(),
        format!("{pace} / {:.2}", service.normal),
        format!("{:.0}", service.retries_left),
        service.waiting.to_string(),
    ]
}

/// The worst of its circuits.
fn colour(states: States) -> Style {
    match states {
        States { open: 1.., .. } => Style::new().red(),
        States { half_open: 1.., .. } => Style::new().magenta(),
        States { paced: 1.., .. } => Style::new().yellow(),
        _ => Style::new().green(),
    }
}
