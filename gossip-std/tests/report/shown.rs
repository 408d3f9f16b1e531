//! Whether a browser shows what a report holds: where things are by what a script in the page
//! measures, and that they are painted by the pixels of a screenshot of the page without it.

use serde_json::Value;

use crate::browser::{Browser, HEIGHT, Theme, WIDTH};
use crate::picture::{Picture, Region, colour, contrast};

/// What must be seen.
pub struct Expected {
    pub title: &'static str,
    pub plots: usize,
}

/// The page of one sample run with seed 0.
pub const ONE: Expected = Expected {
    title: "lossy \"join\" <64 & more>, seed 0",
    plots: 8,
};

/// Where a plot's data are: right of the ticks' numbers, left of the legend, between title and axis.
const DATA: ((f64, f64), (f64, f64)) = ((0.09, 0.81), (0.12, 0.86));
/// Data of a plot paint more pixels in colour than this: the least of the samples' paint 3800.
const PAINTED: usize = 2000;
/// Title, numbers and axes of a plot paint more pixels in ink than this: the least paint 2500.
const INKED: usize = 1500;

const SCRIPT: &str = "
const box = e => { const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; };
const seen = e => e.checkVisibility({ opacityProperty: true, visibilityProperty: true });
const one = e => ({ box: box(e), text: seen(e) ? e.innerText : '' });
const plot = svg => {
  const all = [...svg.querySelectorAll('polyline, polygon, rect')];
  const inside = e => { const [a, b] = [e.getBoundingClientRect(), svg.getBoundingClientRect()];
    return a.width + a.height > 0 && a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom; };
  return { box: box(svg), shapes: all.length, inside: all.filter(inside).length,
    name: svg.getAttribute('aria-label'), words: [...svg.querySelectorAll('text')].map(t => t.textContent) };
};
tell({ width: innerWidth, title: document.title, heading: one(document.querySelector('h1')),
  parameters: one(document.querySelector('table')), overflow: document.documentElement.scrollWidth - innerWidth,
  plots: [...document.querySelectorAll('svg')].map(plot) });
";

/// Checks a page; the error says what is not shown.
pub fn check_page(
    browser: &Browser,
    page: &str,
    expected: &Expected,
    theme: Theme,
) -> Result<(), String> {
    let told = browser.ask(page, SCRIPT)?;
    // Else the script measured another layout than the screenshot shows.
    require(told["width"] == WIDTH, || {
        format!("a width of {}", told["width"])
    })?;
    check_words(&told, expected)?;
    let plots = told["plots"].as_array().ok_or("no list of plots")?;
    require(plots.len() == expected.plots, || {
        format!("{} plots", plots.len())
    })?;
    let picture = browser.look(page, "html", theme)?;
    let size = (picture.width, picture.height);
    require(size == (WIDTH as usize, HEIGHT as usize), || {
        format!("a picture of {size:?}")
    })?;
    check_theme(&picture, theme)?;
    for plot in plots {
        check_plot(plot)?;
        check_painted(&picture, region(&plot["box"])?, &plot["name"])?;
    }
    for part in ["heading", "parameters"] {
        let inked = inked(&picture, region(&told[part]["box"])?);
        require(inked > INKED, || {
            format!("{part} has {inked} pixels in ink")
        })?;
    }
    Ok(())
}

/// How many words of the tables of a narrow page are broken. The browser's own windows are wider than that.
const BROKEN_WORDS: &str = "
document.body.style.width = '320px';
const texts = [...document.querySelectorAll('td, th')].map(e => e.firstChild).filter(t => t);
const broken = t => [...t.data.matchAll(/\\S+/g)].filter(word => {
  const range = document.createRange();
  range.setStart(t, word.index); range.setEnd(t, word.index + word[0].length);
  return range.getClientRects().length > 1 && !/[-,]/.test(word[0]);
});
tell({ cells: texts.length, broken: texts.flatMap(broken).map(word => word[0]),
  wide: document.querySelector('main').scrollWidth });
";

/// No word of a table is broken where the screen is narrow, and nothing but tables is wider than it.
pub fn check_words_are_whole(browser: &Browser, page: &str) -> Result<(), String> {
    let told = browser.ask(page, BROKEN_WORDS)?;
    require(told["cells"].as_u64() > Some(50), || format!("{told}"))?;
    require(told["broken"] == serde_json::json!([]), || {
        format!("{told}")
    })?;
    require(told["wide"].as_u64() <= Some(320), || format!("{told}"))
}

/// Checks a file of so many plots.
pub fn check_svg(browser: &Browser, svg: &str, plots: usize) -> Result<(), String> {
    let picture = browser.look(svg, "svg", Theme::Light)?;
    for at in 0..plots {
        // Shown as large as it says: 960 by 360 for each plot.
        let region = Region {
            x: 0.0,
            y: 360.0 * at as f64,
            width: 960.0,
            height: 360.0,
        };
        check_painted(&picture, region, &Value::from(at))?;
    }
    Ok(())
}

fn check_words(told: &Value, expected: &Expected) -> Result<(), String> {
    for place in [&told["title"], &told["heading"]["text"]] {
        require(place == expected.title, || format!("the title {place}"))?;
    }
    let parameters = told["parameters"]["text"].as_str().unwrap_or_default();
    for word in ["nodes", "64", "interval", "1s", "loss", "0.2"] {
        require(parameters.contains(word), || {
            format!("no {word} in {parameters:?}")
        })?;
    }
    let overflow = told["overflow"].as_f64().unwrap_or(f64::MAX);
    require(overflow <= 0.0, || format!("{overflow} pixels to the side"))
}

/// The plot has a size, and all its shapes lie inside it.
fn check_plot(plot: &Value) -> Result<(), String> {
    let name = &plot["name"];
    let [shapes, inside] = ["shapes", "inside"].map(|field| plot[field].as_u64().unwrap_or(0));
    require(shapes > 0, || format!("{name} has no shapes"))?;
    require(shapes == inside, || {
        format!("{name}: {inside} of {shapes} shapes are inside")
    })?;
    let words = plot["words"].as_array().map_or(0, Vec::len);
    // Title, two labels, a legend, and at least three ticks on each axis.
    require(words >= 10, || format!("{name} has {words} words"))?;
    let region = region(&plot["box"])?;
    let across = region.x >= 0.0 && region.x + region.width <= f64::from(WIDTH);
    let fits = across && region.y >= 0.0 && region.y + region.height <= f64::from(HEIGHT);
    require(fits && region.height > 200.0, || {
        format!("{name} is shown in {region:?}")
    })
}

fn check_painted(picture: &Picture, region: Region, name: &Value) -> Result<(), String> {
    let data = region.part(DATA.0, DATA.1);
    let painted = picture.count(data, |pixel| colour(pixel) > 40);
    require(painted > PAINTED, || {
        format!("{name} has {painted} pixels in colour")
    })?;
    let inked = inked(picture, region);
    require(inked > INKED, || {
        format!("{name} has {inked} pixels in ink")
    })
}

fn check_theme(picture: &Picture, theme: Theme) -> Result<(), String> {
    let background = picture.background();
    let dark = contrast(background, [0; 3]) < 60;
    require(dark == (theme == Theme::Dark), || {
        format!("{background:?} on a {theme:?} page")
    })
}

/// Pixels that are grey and stand out from the page: text and axes. The grid does not (its contrast
/// is below 40); an axis does, even where it lies between two rows of pixels.
fn inked(picture: &Picture, region: Region) -> usize {
    let page = picture.background();
    picture.count(region, |pixel| {
        colour(pixel) < 40 && contrast(pixel, page) > 60
    })
}

fn region(numbers: &Value) -> Result<Region, String> {
    let number = |at: usize| numbers[at].as_f64().ok_or(format!("no box: {numbers}"));
    Ok(Region {
        x: number(0)?,
        y: number(1)?,
        width: number(2)?,
        height: number(3)?,
    })
}

fn require(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
