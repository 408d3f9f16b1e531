//! A chart as a value, and how it is drawn: title, axes with ticks, shapes, and a legend beside them.

use plotters::coord::Shift;
use plotters::prelude::{
    Cartesian2d, ChartBuilder, ChartContext, Color, DrawingArea, IntoDrawingArea, IntoFont,
    PathElement, Polygon, RGBColor, Rectangle, SVGBackend, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, RGBAColor, TextStyle};

use super::axis::Axis;
use super::palette::{GRID, INK};

/// The size in which plots are drawn, in SVG units: twice what they are shown in, since shapes are
/// drawn to whole units.
pub const SIZE: (u32, u32) = (1920, 720);
/// The width of the legend beside the axes.
const LEGEND: u32 = 330;
const TITLE_HEIGHT: u32 = 80;
const TITLE_TEXT: u32 = 34;
const LABEL_TEXT: u32 = 28;
const MARK_TEXT: u32 = 24;
const LEGEND_LINE: i32 = 44;
/// A legend's text is cut after so many characters.
const LEGEND_CHARACTERS: usize = 20;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Context<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// A chart. Its shapes are in the data's units; what lies outside the axes is drawn on their edge.
pub struct Chart {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub shapes: Vec<Shape>,
    pub legend: Vec<(String, RGBColor)>,
}

/// Something drawn between the axes.
pub struct Shape {
    pub form: Form,
    pub color: RGBAColor,
}

/// Its form.
pub enum Form {
    /// A line through points.
    Line(Vec<(f64, f64)>),
    /// What is inside a line through points.
    Filled(Vec<(f64, f64)>),
    /// A bar that stands on the axis from one x to another.
    Bar(f64, f64, f64),
    /// A rectangle between two corners.
    Block((f64, f64), (f64, f64)),
    /// A line across the chart at an x, with a word beside its upper end.
    Mark(f64, String),
}

impl Chart {
    /// The chart's SVG elements, for a view of [`SIZE`].
    pub fn draw(&self) -> String {
        let mut svg = String::new();
        self.draw_into(&mut svg)
            .expect("drawing into memory does not fail");
        // The surrounding element is the business of whoever shows the plot.
        let body = svg.split_once('>').map_or("", |(_, rest)| rest);
        body.trim_end().trim_end_matches("</svg>").to_owned()
    }

    fn draw_into(&self, svg: &mut String) -> Drawn {
        let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        let (head, rest) = root.split_vertically(TITLE_HEIGHT);
        let style = title_text().pos(Pos::new(HPos::Left, VPos::Center));
        let middle = (24, TITLE_HEIGHT as i32 / 2);
        head.draw(&Text::new(self.title.clone(), middle, style))?;
        let (axes, legend) = rest.split_horizontally(SIZE.0 - LEGEND);
        self.draw_axes(&axes)?;
        self.draw_legend(&legend)?;
        root.present()?;
        Ok(())
    }

    fn draw_axes(&self, area: &Area) -> Drawn {
        let mut context = ChartBuilder::on(area)
            .margin_top(28)
            .margin_right(24)
            .margin_left(16)
            .x_label_area_size(90)
            .y_label_area_size(150)
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        self.draw_mesh(&mut context)?;
        for shape in &self.shapes {
            Self::draw_shape(&mut context, shape)?;
        }
        Ok(())
    }

    fn draw_mesh(&self, context: &mut Context) -> Drawn {
        context
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID.stroke_width(2))
            .axis_style(INK.stroke_width(2))
            .x_desc(self.x.label.as_str())
            .y_desc(self.y.label.as_str())
            .axis_desc_style(text(LABEL_TEXT))
            .label_style(text(LABEL_TEXT))
            .draw()?;
        Ok(())
    }

    fn draw_shape(context: &mut Context, shape: &Shape) -> Drawn {
        match &shape.form {
            Form::Line(points) => {
                let line = PathElement::new(points.clone(), shape.color.stroke_width(4));
                context.draw_series([line])?;
            }
            Form::Filled(points) => {
                context.draw_series([Polygon::new(points.clone(), shape.color.filled())])?;
            }
            Form::Bar(from, until, height) => {
                let corners = [(*from, 0.0), (*until, *height)];
                let mut bar = Rectangle::new(corners, shape.color.filled());
                bar.set_margin(0, 0, 1, 1);
                context.draw_series([bar])?;
            }
            Form::Block(from, until) => {
                context.draw_series([Rectangle::new([*from, *until], shape.color.filled())])?;
            }
            Form::Mark(x, word) => {
                let top = context.y_range().end;
                let ends = vec![(*x, 0.0), (*x, top)];
                context.draw_series([PathElement::new(ends, shape.color.stroke_width(2))])?;
                // To the left of the line where there is no room to its right.
                let side = if *x > 0.9 * context.x_range().end {
                    HPos::Right
                } else {
                    HPos::Left
                };
                let style = text(MARK_TEXT).pos(Pos::new(side, VPos::Bottom));
                context.draw_series([Text::new(format!(" {word} "), (*x, top), style)])?;
            }
        }
        Ok(())
    }

    fn draw_legend(&self, area: &Area) -> Drawn {
        let style = text(LABEL_TEXT).pos(Pos::new(HPos::Left, VPos::Center));
        for ((name, color), line) in self.legend.iter().zip(0i32..) {
            let y = LEGEND_LINE / 2 + line * LEGEND_LINE;
            let corners = [(0, y - 12), (24, y + 12)];
            area.draw(&Rectangle::new(corners, color.filled()))?;
            area.draw(&Text::new(short(name), (38, y), style.clone()))?;
        }
        Ok(())
    }
}

/// A line of this colour.
pub fn line(points: Vec<(f64, f64)>, color: impl Color) -> Shape {
    Shape {
        form: Form::Line(points),
        color: color.to_rgba(),
    }
}

/// A line that keeps each point's height until the next.
pub fn steps(points: &[(f64, f64)], color: impl Color) -> Shape {
    let corners = points.windows(2).flat_map(|pair| {
        let [from, to] = [pair[0], pair[1]];
        [from, (to.0, from.1)]
    });
    line(corners.chain(points.last().copied()).collect(), color)
}

fn title_text() -> TextStyle<'static> {
    let font = ("sans-serif", TITLE_TEXT, FontStyle::Bold).into_font();
    font.color(&INK)
}

fn text(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

fn short(name: &str) -> String {
    if name.chars().count() <= LEGEND_CHARACTERS {
        return name.to_owned();
    }
    let start: String = name.chars().take(LEGEND_CHARACTERS - 1).collect();
    format!("{start}…")
}
