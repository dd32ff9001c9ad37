/* Many sites as one canvas: packed numbers in, one picture out, names by a grid lookup. Everything that came from a
   roster arrives as base64 and leaves as text nodes, so that no markup in it can ever be read as markup. */
(function () {
  "use strict";
  var CELL = 24, FAR = 8.25, NEAR = 10.25, MANY = 4000;

  function bytes(packed) {
    var raw = atob(packed), out = new Uint8Array(raw.length);
    for (var i = 0; i < raw.length; i++) { out[i] = raw.charCodeAt(i); }
    return out;
  }

  function unzip(packed) {
    var stream = new Blob([bytes(packed)]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).text();
  }

  function ink(styles, name, fallback) {
    return (styles.getPropertyValue("--" + name) || "").trim() || fallback;
  }

  var TRACE = {
    disc: function (c, r) { c.arc(0, 0, r, 0, 7); },
    square: function (c, r) { c.rect(-r, -r, 2 * r, 2 * r); },
    diamond: function (c, r) { c.moveTo(0, -1.35 * r); c.lineTo(1.35 * r, 0); c.lineTo(0, 1.35 * r); c.lineTo(-1.35 * r, 0); c.closePath(); },
    triangle: function (c, r) { c.moveTo(0, -1.3 * r); c.lineTo(1.2 * r, r); c.lineTo(-1.2 * r, r); c.closePath(); },
    cross: function (c, r) { c.moveTo(-r, -r); c.lineTo(r, r); c.moveTo(r, -r); c.lineTo(-r, r); },
    star: function (c, r) {
      for (var i = 0; i < 10; i++) {
        var a = Math.PI * i / 5, d = i % 2 ? 0.75 * r : 1.7 * r;
        c[i ? "lineTo" : "moveTo"](d * Math.sin(a), -d * Math.cos(a));
      }
      c.closePath();
    }
  };

  L.AdequacySites = L.Layer.extend({
    initialize: function (data) {
      var lon = new Int32Array(bytes(data.lon).buffer), lat = new Int32Array(bytes(data.lat).buffer);
      this._kind = bytes(data.kind);
      this._kinds = data.kinds;
      this._n = lon.length;
      this._x = new Float64Array(this._n);
      this._y = new Float64Array(this._n);
      for (var i = 0; i < this._n; i++) {
        this._x[i] = lon[i] / 36e7 + 0.5;
        var s = Math.sin(lat[i] / 1e6 * Math.PI / 180);
        this._y[i] = 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI);
      }
      this._lines = null;
      this._places = [];
      this._small = [];
      this._borders = [];
      this._ids = [];
      var self = this;
      if (!window.DecompressionStream) { return; }
      // Names are unpacked when there is time: they are read on pointing only
      (window.requestIdleCallback || setTimeout)(function () {
        unzip(data.lines).then(function (text) { self._lines = JSON.parse(text); });
      });
      unzip(data.small).then(function (text) { self._small = JSON.parse(text); });
      unzip(data.borders).then(function (text) { self._spread(JSON.parse(text)); self._later(); });
      unzip(data.places).then(function (text) { if (!self._places.length) { self._places = JSON.parse(text); self._later(); } });
    },

    /* Draws once for all that happens before the next frame. */
    _later: function () {
      if (this._waits || !this._map) { return; }
      this._waits = requestAnimationFrame(function () { this._waits = 0; if (this._map) { this._draw(); } }.bind(this));
    },

    /* Borders arrive as steps; they are kept as points of the world map, 0 to 1. */
    _spread: function (lines) {
      this._borders = lines.map(function (steps) {
        var out = new Float64Array(steps.length), lon = 0, lat = 0;
        for (var i = 0; i < steps.length; i += 2) {
          lon += steps[i]; lat += steps[i + 1];
          out[i] = lon / 36e5 + 0.5;
          var s = Math.sin(lat / 1e4 * Math.PI / 180);
          out[i + 1] = 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI);
        }
        return out;
      });
    },

    /* Which kind each site is drawn as; 255 hides it. */
    setKinds: function (kind) { this._kind = kind; this._leave(); this._later(); },

    /* Words on the map: [lon, lat, text]; a text may have two lines. */
    setPlaces: function (places) { this._places = places; this._later(); },

    onAdd: function (map) {
      map.adequacySites = this;
      if (!map.getPane("adequacy-sites")) {
        map.createPane("adequacy-sites").style.zIndex = 450;
        map.getPane("adequacy-sites").style.pointerEvents = "none";
      }
      this._canvas = L.DomUtil.create("canvas", "adequacy-sites leaflet-zoom-animated", map.getPane("adequacy-sites"));
      this._canvas.setAttribute("aria-hidden", "true");
      this._tip = L.tooltip({ direction: "top", className: "site-tip", opacity: 1 });
      this._dark = window.matchMedia("(prefers-color-scheme: dark)");
      this._redraw = this._later.bind(this);
      this._dark.addEventListener("change", this._redraw);
      this._later();
    },

    onRemove: function () {
      this._dark.removeEventListener("change", this._redraw);
      this._tip.remove();
      this._canvas.remove();
    },

    getEvents: function () {
      return {
        moveend: this._later, resize: this._later, viewreset: this._later, zoomanim: this._follow,
        mousemove: this._point, click: this._point, mouseout: this._leave
      };
    },

    _follow: function (event) {
      if (!this._corner) { return; }
      var scale = this._map.getZoomScale(event.zoom, this._zoom);
      var at = this._map._latLngToNewLayerPoint(this._corner, event.zoom, event.center);
      L.DomUtil.setTransform(this._canvas, at, scale);
    },

    _sprite: function (kind, styles, ratio, scale) {
      var r = kind.size * scale, half = Math.ceil(2 * r + 3), canvas = document.createElement("canvas");
      canvas.width = canvas.height = 2 * half * ratio;
      var c = canvas.getContext("2d");
      c.scale(ratio, ratio);
      c.translate(half, half);
      c.lineJoin = c.lineCap = "round";
      var fill = ink(styles, kind.name, kind.colour), halo = ink(styles, "map-ground", "#ffffff");
      c.beginPath();
      TRACE[kind.shape](c, r);
      if (kind.shape === "cross") {
        c.lineWidth = 5 * scale; c.strokeStyle = halo; c.stroke();
        c.lineWidth = 2.4 * scale; c.strokeStyle = fill; c.stroke();
      } else if (kind.hollow) {
        c.fillStyle = halo; c.fill();
        c.lineWidth = 2.2 * scale; c.strokeStyle = fill; c.stroke();
      } else {
        c.lineWidth = 2.4 * scale; c.strokeStyle = halo; c.stroke();
        c.fillStyle = fill; c.fill();
      }
      return { canvas: canvas, half: half };
    },

    _draw: function () {
      var map = this._map, size = map.getSize(), ratio = window.devicePixelRatio || 1, canvas = this._canvas;
      var styles = getComputedStyle(map.getContainer());
      this._zoom = map.getZoom();
      this._corner = map.containerPointToLatLng([0, 0]);
      L.DomUtil.setTransform(canvas, map.containerPointToLayerPoint([0, 0]), 1);
      canvas.width = size.x * ratio; canvas.height = size.y * ratio;
      canvas.style.width = size.x + "px"; canvas.style.height = size.y + "px";
      var c = canvas.getContext("2d");
      c.scale(ratio, ratio);
      var world = 256 * Math.pow(2, this._zoom), origin = map.project(this._corner, this._zoom);
      this._line(c, styles, size, world, origin);
      var drawn = this._place(size, world, origin);
      this._write(c, styles, size);
      // Many sites in view are drawn smaller, as in the still picture
      var crowd = Math.min(1, Math.max(0.3, Math.pow(600 / Math.max(this._seen, 1), 0.3)));
      for (var level = this._kinds.length - 1; level >= 0; level--) {
        var sprite = this._sprite(this._kinds[level], styles, ratio, crowd), at = drawn[level];
        if (at.length > MANY) { this._stamp(c, sprite, at, ratio); continue; }
        for (var k = 0; k < at.length; k += 2) {
          c.drawImage(sprite.canvas, at[k] - sprite.half, at[k + 1] - sprite.half, 2 * sprite.half, 2 * sprite.half);
        }
      }
    },

    /* Thousands of one kind: pixels are set by hand, ten times as fast as the browser's own drawing of each. */
    _stamp: function (c, sprite, at, ratio) {
      var wide = c.canvas.width, high = c.canvas.height, size = sprite.canvas.width;
      var from = new Uint32Array(sprite.canvas.getContext("2d").getImageData(0, 0, size, size).data.buffer);
      var image = new ImageData(wide, high), to = new Uint32Array(image.data.buffer);
      for (var k = 0; k < at.length; k += 2) {
        var left = Math.round((at[k] - sprite.half) * ratio), top = Math.round((at[k + 1] - sprite.half) * ratio);
        for (var y = Math.max(0, -top); y < size && top + y < high; y++) {
          for (var x = Math.max(0, -left); x < size && left + x < wide; x++) {
            var pixel = from[y * size + x], where = (top + y) * wide + left + x;
            // a faint edge never covers what is there already
            if (pixel >>> 24 > 127 || pixel && !to[where]) { to[where] = pixel; }
          }
        }
      }
      var layer = document.createElement("canvas");
      layer.width = wide; layer.height = high;
      layer.getContext("2d").putImageData(image, 0, 0);
      c.drawImage(layer, 0, 0, wide / ratio, high / ratio);
    },

    /* Where the sites in view lie, by kind. */
    _place: function (size, world, origin) {
      var drawn = this._kinds.map(function () { return []; }), ids = [];
      for (var i = 0; i < this._n; i++) {
        if (this._kind[i] >= drawn.length) { continue; }
        var x = this._x[i] * world - origin.x, y = this._y[i] * world - origin.y;
        if (x < -20 || y < -20 || x > size.x + 20 || y > size.y + 20) { continue; }
        drawn[this._kind[i]].push(x, y);
        ids.push(i, x, y);
      }
      this._seen = ids.length / 3;
      this._ids = ids;
      this._columns = Math.ceil(size.x / CELL) + 2;
      this._grid = null;
      return drawn;
    },

    /* The grid by which the pointer finds a site: made when first asked for. */
    _cells: function () {
      if (this._grid) { return this._grid; }
      this._grid = new Map();
      for (var k = 0; k < this._ids.length; k += 3) {
        var x = this._ids[k + 1], y = this._ids[k + 2];
        var cell = (Math.floor(y / CELL) + 1) * this._columns + Math.floor(x / CELL) + 1;
        if (this._grid.has(cell)) { this._grid.get(cell).push(this._ids[k], x, y); } else { this._grid.set(cell, [this._ids[k], x, y]); }
      }
      return this._grid;
    },

    /* Borders of ZIP areas, all in one path; points nearer than a pixel are left out. */
    _line: function (c, styles, size, world, origin) {
      c.beginPath();
      this._borders.forEach(function (line) {
        var last = line.length - 2, px = NaN, py = NaN;
        for (var i = 0; i <= last; i += 2) {
          var x = line[i] * world - origin.x, y = line[i + 1] * world - origin.y;
          if (i && i < last && Math.abs(x - px) + Math.abs(y - py) < 1.5) { continue; }
          if (i) { c.lineTo(x, y); } else { c.moveTo(x, y); }
          px = x; py = y;
        }
      });
      c.lineJoin = "round";
      c.lineWidth = this._zoom >= NEAR ? 1.1 : 0.6;
      c.globalAlpha = this._zoom >= NEAR ? 1 : 0.75;
      c.strokeStyle = ink(styles, "shape-zip", "#aab4bf");
      c.stroke();
      c.globalAlpha = 1;
    },

    /* Names of counties, then from near on numbers of ZIP areas: whole, where there is room, off the sites if it can be.
       From far off a name may not move: it would lie on the county next door. Where it has no room its number stands. */
    _write: function (c, styles, size) {
      var boxes = [[28, 52, 30, 50], [70, size.y - 16, 70, 16]]; // the buttons and the scale lie there
      c.textAlign = "center"; c.textBaseline = "middle"; c.lineWidth = 3; c.lineJoin = "round";
      c.font = "600 12px system-ui, 'Segoe UI', Roboto, Arial, sans-serif";
      this._places.forEach(function (place) { this._name(c, styles, size, boxes, place); }, this);
      if (this._zoom < NEAR) { return; }
      c.font = "11px system-ui, 'Segoe UI', Roboto, Arial, sans-serif";
      this._small.forEach(function (place) { this._name(c, styles, size, boxes, place); }, this);
    },

    _name: function (c, styles, size, boxes, place) {
      var at = this._map.latLngToContainerPoint([place[1], place[0]]), lines = place[2].split("\n");
      var best = this._room(c, size, boxes, at, lines);
      if (!best && lines.length > 1) { best = this._room(c, size, boxes, at, lines = lines.slice(-1)); }
      if (!best) { return; }
      boxes.push(best);
      lines.forEach(function (line, n) {
        var y = best[1] + 15 * (n - (lines.length - 1) / 2);
        c.strokeStyle = ink(styles, "map-ground", "#ffffff"); c.strokeText(line, at.x, y);
        c.fillStyle = ink(styles, place[2].indexOf("\n") > 0 ? "map-value" : "map-name", "#5c6773"); c.fillText(line, at.x, y);
      });
    },

    /* The box where lines can stand, on as few sites as can be; null where they would lie on others. */
    _room: function (c, size, boxes, at, lines) {
      var tall = 9 * lines.length, best = null, fewest = Infinity;
      var half = Math.max.apply(null, lines.map(function (line) { return c.measureText(line).width; })) / 2 + 4;
      if (at.x < half || at.x > size.x - half || at.y < tall || at.y > size.y - tall) { return null; }
      (this._zoom < FAR ? [0, -8, 8, -16, 16] : [0, -18, 18, -34, 34]).every(function (step) {
        var y = at.y + step;
        if (boxes.some(function (b) { return Math.abs(b[0] - at.x) < b[2] + half && Math.abs(b[1] - y) < b[3] + tall; })) { return true; }
        var under = this._under(at.x, y, half, tall);
        if (under < fewest) { best = [at.x, y, half, tall]; fewest = under; }
        return under > 0;
      }, this);
      return best;
    },

    /* How many sites a name would lie on; of very many it does not matter. */
    _under: function (x, y, half, tall) {
      if (this._seen > 600) { return 0; }
      var found = 0;
      for (var k = 0; k < this._ids.length; k += 3) {
        if (Math.abs(this._ids[k + 1] - x) < half + 5 && Math.abs(this._ids[k + 2] - y) < tall + 4) { found++; }
      }
      return found;
    },

    _near: function (p) {
      var column = Math.floor(p.x / CELL) + 1, row = Math.floor(p.y / CELL) + 1, found = [], grid = this._cells();
      for (var dy = -1; dy < 2; dy++) {
        for (var dx = -1; dx < 2; dx++) {
          var cell = grid.get((row + dy) * this._columns + column + dx) || [];
          for (var k = 0; k < cell.length; k += 3) {
            var d = Math.hypot(cell[k + 1] - p.x, cell[k + 2] - p.y);
            if (d <= 12) { found.push([d, cell[k], cell[k + 1], cell[k + 2]]); }
          }
        }
      }
      return found.sort(function (a, b) { return a[0] - b[0] || a[1] - b[1]; });
    },

    _point: function (event) {
      var found = this._lines ? this._near(event.containerPoint) : [];
      this._map.getContainer().style.cursor = found.length ? "pointer" : "";
      if (!found.length) { this._tip.remove(); return; }
      this._tip.setLatLng(this._map.containerPointToLatLng([found[0][2], found[0][3]]));
      this._tip.setContent(this._words(found)).addTo(this._map);
      this._fit(found[0][2], found[0][3]);
    },

    /* The words of a site stay on the map, whole: below it where there is no room above, moved in from the sides. */
    _fit: function (x, y) {
      var box = this._tip.getElement(), half = box.offsetWidth / 2, size = this._map.getSize();
      var middle = Math.max(half + 4, Math.min(x, size.x - half - 4)), below = y < box.offsetHeight + 16;
      this._tip.options.direction = below ? "bottom" : "top";
      this._tip.options.offset = [middle - x, below ? 12 : -12];
      this._tip.update();
    },

    _leave: function () { if (this._tip) { this._tip.remove(); } },

    _words: function (found) {
      var box = document.createElement("div");
      found.slice(0, 3).forEach(function (each) {
        var item = box.appendChild(document.createElement("div"));
        (this._lines[each[1]] || []).forEach(function (line, at) {
          var row = item.appendChild(document.createElement(at ? "div" : "strong"));
          row.textContent = line;
        });
      }, this);
      if (found.length > 3) { box.appendChild(document.createElement("div")).textContent = "and " + (found.length - 3) + " more here"; }
      return box;
    }
  });
})();
