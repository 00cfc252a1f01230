package main

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"time"
)

// snapshot is what the lens sees: a block that moves over a meadow in a minute.
func snapshot(at time.Time) []byte {
	const width, height, block = 64, 48, 12
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(picture, picture.Bounds(), image.NewUniform(color.RGBA{R: 96, G: 160, B: 72, A: 255}), image.Point{}, draw.Src)
	left := at.Second() * (width - block) / 59
	draw.Draw(picture, image.Rect(left, height-2*block, left+block, height-block), image.NewUniform(color.RGBA{R: 200, G: 40, B: 40, A: 255}), image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		panic(err) // a picture of this size in memory can always be written
	}
	return b.Bytes()
}
