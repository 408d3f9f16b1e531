//! A screenshot, and how many pixels of it are what.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// An 8-bit picture without transparency.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    bytes: Vec<u8>,
    per_pixel: usize,
}

/// A rectangle, in pixels.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Region {
    /// The part between these shares of the width and of the height.
    pub fn part(self, x: (f64, f64), y: (f64, f64)) -> Self {
        Self {
            x: self.x + self.width * x.0,
            y: self.y + self.height * y.0,
            width: self.width * (x.1 - x.0),
            height: self.height * (y.1 - y.0),
        }
    }
}

impl Picture {
    pub fn read(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| format!("no screenshot: {error}"))?;
        let decoder = png::Decoder::new(BufReader::new(file));
        let mut reader = decoder.read_info().map_err(|error| error.to_string())?;
        let size = reader.output_buffer_size().ok_or("a picture too large")?;
        let mut bytes = vec![0; size];
        let info = reader
            .next_frame(&mut bytes)
            .map_err(|error| error.to_string())?;
        assert_eq!(info.bit_depth, png::BitDepth::Eight);
        Ok(Self {
            width: info.width as usize,
            height: info.height as usize,
            bytes,
            per_pixel: info.color_type.samples(),
        })
    }

    fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        let at = (y * self.width + x) * self.per_pixel;
        [self.bytes[at], self.bytes[at + 1], self.bytes[at + 2]]
    }

    /// The colour of the page in its upper left corner, where nothing stands.
    pub fn background(&self) -> [u8; 3] {
        self.pixel(1, 1)
    }

    /// How many pixels of the region are like this; what lies outside the picture is not counted.
    pub fn count(&self, region: Region, like: impl Fn([u8; 3]) -> bool) -> usize {
        let end = |from: f64, length: f64, most: usize| ((from + length) as usize).min(most);
        let columns = region.x as usize..end(region.x, region.width, self.width);
        let rows = region.y as usize..end(region.y, region.height, self.height);
        rows.flat_map(|y| columns.clone().map(move |x| (x, y)))
            .filter(|&(x, y)| like(self.pixel(x, y)))
            .count()
    }
}

/// How far a pixel's channels are apart: 0 for grey, more for colours.
pub fn colour(pixel: [u8; 3]) -> u8 {
    pixel.iter().max().unwrap() - pixel.iter().min().unwrap()
}

/// How far a pixel's brightness is from another's.
pub fn contrast(pixel: [u8; 3], other: [u8; 3]) -> u32 {
    let sum = |pixel: [u8; 3]| pixel.iter().map(|channel| u32::from(*channel)).sum::<u32>();
    sum(pixel).abs_diff(sum(other)) / 3
}
