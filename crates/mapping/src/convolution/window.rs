//! What neighbouring outputs see of the input, along one axis.

/// The input pixels, counted from the first, that at least one of several neighbouring outputs sees.
#[derive(Clone, Debug)]
pub(super) struct Window {
    stride: usize,
    dilation: usize,
    /// In rising order.
    pixels: Vec<usize>,
    /// Where in this order each pixel stands that is seen.
    index: Vec<usize>,
}

impl Window {
    pub(super) fn new(outputs: usize, kernel: usize, stride: usize, dilation: usize) -> Self {
        let last = (outputs - 1) * stride + (kernel - 1) * dilation;
        let mut is_seen = vec![false; last + 1];
        for output in 0..outputs {
            for tap in 0..kernel {
                is_seen[output * stride + tap * dilation] = true;
            }
        }
        let pixels: Vec<usize> = (0..=last).filter(|&pixel| is_seen[pixel]).collect();
        let mut index = vec![0; last + 1];
        for (number, &pixel) in pixels.iter().enumerate() {
            index[pixel] = number;
        }
        Self {
            stride,
            dilation,
            pixels,
            index,
        }
    }

    pub(super) fn pixels(&self) -> &[usize] {
        &self.pixels
    }

    /// Which of the pixels an output sees through a pixel of the kernel.
    pub(super) fn index(&self, output: usize, tap: usize) -> usize {
        self.index[output * self.stride + tap * self.dilation]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_that_no_output_sees_are_left_out() {
        let window = Window::new(2, 3, 1, 3);
        assert_eq!(window.pixels(), [0, 1, 3, 4, 6, 7]);
        assert_eq!(window.index(0, 2), 4);
        assert_eq!(window.index(1, 1), 3);
        assert_eq!(Window::new(2, 2, 5, 1).pixels(), [0, 1, 5, 6]);
    }

    #[test]
    fn pixels_that_several_outputs_see_stand_once() {
        assert_eq!(Window::new(3, 3, 1, 1).pixels(), [0, 1, 2, 3, 4]);
    }
}
