wscluster ring history --cluster still | sed "s/20..-..-..T..:..:..Z/WHEN/; s/WHEN                /WHEN/"
wscluster ring history --cluster still -o csv --no-headers | cut -d, -f1,3-5,8
wscluster ring history --cluster still --limit 0
