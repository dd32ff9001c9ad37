/* What folium's own templates expect of libraries that we do not carry, in the few lines they really use. */
(function () {
  "use strict";
  // Popups build their content with $(html)[0]; some maps wait with $(document).ready(f).
  if (!window.$) {
    window.$ = function (what) {
      if (typeof what !== "string") { return { ready: function (f) { f(); } }; }
      var holder = document.createElement("template");
      holder.innerHTML = what.trim();
      return [holder.content.firstElementChild];
    };
  }
  // Default pins: the pictures are in the page.
  var pins = window.ADEQUACY_PINS;
  if (pins) {
    delete L.Icon.Default.prototype._getIconUrl;
    L.Icon.Default.mergeOptions(pins);
  }
  // folium.Icon: a pin of the asked colour, without the icon font.
  if (!L.AwesomeMarkers) {
    L.AwesomeMarkers = {
      Icon: function (options) { return L.AwesomeMarkers.icon(options); },
      icon: function (options) {
        var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        var path = document.createElementNS("http://www.w3.org/2000/svg", "path");
        svg.setAttribute("viewBox", "0 0 24 36");
        svg.setAttribute("width", "24");
        svg.setAttribute("height", "36");
        path.setAttribute("d", "M12 35C5 24 1 18 1 12a11 11 0 0 1 22 0c0 6-4 12-11 23z");
        path.setAttribute("fill", String(options.markerColor || "blue"));
        path.setAttribute("stroke", "#fff");
        svg.appendChild(path);
        return L.divIcon({ html: svg, className: "", iconSize: [24, 36], iconAnchor: [12, 35], popupAnchor: [0, -30] });
      }
    };
  }
  // The page scrolls under the wheel; the map has a name for those who cannot see it.
  L.Map.addInitHook(function () {
    var box = this.getContainer();
    var named = box.closest("[data-map-label]");
    box.setAttribute("role", "application");
    box.setAttribute("aria-roledescription", "map");
    box.setAttribute("aria-label", named ? named.getAttribute("data-map-label") : "Map");
    if (this.attributionControl) { this.attributionControl.setPrefix(false); }
    // A frame or a tab may have no size yet: fit when it has one
    var map = this;
    window.adequacyMap = this;
    // One finger scrolls the page, two move the map; the way back to the first view is always there
    if (window.matchMedia("(pointer: coarse)").matches) { this.dragging.disable(); }
    this._home = null;
    this.whenReady(function () { if (map.zoomControl) { home(map); } });
    if (window.ResizeObserver) {
      new ResizeObserver(function () {
        map.invalidateSize({ pan: false });
        if (map._waiting && roomy(map)) { fit.apply(map, map._waiting); map._waiting = null; }
      }).observe(box);
    }
  });
  function home(map) {
    var button = L.DomUtil.create("a", "leaflet-control-home", map.zoomControl.getContainer());
    button.href = "#";
    button.textContent = "\u21ba";
    button.title = "Whole map again";
    button.setAttribute("role", "button");
    button.setAttribute("aria-label", button.title);
    L.DomEvent.disableClickPropagation(button);
    L.DomEvent.on(button, "click", function (event) {
      L.DomEvent.preventDefault(event);
      if (map._home) { fit.apply(map, map._home); }
    });
  }
  function roomy(map) { var size = map.getSize(); return size.x > 30 && size.y > 30; }
  // Distances are miles here, on the scale too.
  L.Control.Scale.prototype.options.metric = false;
  var fit = L.Map.prototype.fitBounds;
  L.Map.include({
    fitBounds: function (bounds, options) {
      this._home = this._home || [bounds, options];
      if (roomy(this)) { return fit.call(this, bounds, options); }
      this._waiting = [bounds, options];
      return this;
    }
  });
})();
