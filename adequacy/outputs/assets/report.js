/* The service switch: other colours, numbers and sites on the map; the tables below hold all services anyway. */
(function () {
  "use strict";
  var holder = document.getElementById("report-data"), select = document.getElementById("service");
  var map = window.adequacyMap;
  if (!holder || !select || !map || !window.DecompressionStream) { document.documentElement.classList.remove("live"); return; }
  var raw = atob(holder.getAttribute("data-packed")), bytes = new Uint8Array(raw.length);
  for (var i = 0; i < raw.length; i++) { bytes[i] = raw.charCodeAt(i); }
  var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  new Response(stream).text().then(function (text) {
    var data = JSON.parse(text);
    function show() {
      var service = data.services[select.value];
      map.eachLayer(function (layer) {
        var share = layer.feature && service.shares[layer.feature.id];
        if (share && layer.getElement()) { layer.getElement().setAttribute("class", "shape-" + share[0]); }
      });
      map.adequacySites.setPlaces(data.places.map(function (place) {
        var share = service.shares[place[3]];
        return [place[0], place[1], share ? place[2] + "\n" + share[1] : place[2]];
      }));
      if (data.sites) {
        var kind = new Uint8Array(data.sites).fill(255);
        service.sites.forEach(function (at) { kind[at] = data.counted; });
        service.sole.forEach(function (at) { kind[at] = data.sole; });
        map.adequacySites.setKinds(kind);
      }
      document.getElementById("says").textContent = service.says;
    }
    select.addEventListener("change", show);
    show();
  });
})();
